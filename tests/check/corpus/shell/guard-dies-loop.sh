#!/bin/bash
require() {
    if ! command -v "$1" >/dev/null 2>&1; then
        echo "missing: $1" >&2
        exit 2
    fi
}
require curl
require jq
require tar
