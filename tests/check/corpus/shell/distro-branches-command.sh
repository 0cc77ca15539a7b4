#!/bin/bash
set -e
if command -v apt-get >/dev/null 2>&1; then
    apt-get update
    apt-get install -y jq
elif command -v dnf >/dev/null 2>&1; then
    dnf install -y jq
else
    echo "unsupported distribution" >&2
    exit 1
fi
jq --version
