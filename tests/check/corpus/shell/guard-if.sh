#!/bin/bash
if command -v jq >/dev/null; then
    jq . /etc/app.json
else
    cat /etc/app.json
fi
