#!/bin/bash
if ! command -v jq &> /dev/null
then
    dnf install -y jq
fi
jq -n '{a: 1}'
