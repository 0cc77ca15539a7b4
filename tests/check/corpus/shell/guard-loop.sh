#!/bin/bash
for tool in jq unzip rsync; do
    command -v "$tool" >/dev/null 2>&1 || dnf install -y "$tool"
done
jq --version
unzip -v
rsync --version
