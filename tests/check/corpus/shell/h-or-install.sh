#!/bin/bash
jq --version 2>/dev/null || dnf install -y jq || exit 1
jq . /etc/x.json
