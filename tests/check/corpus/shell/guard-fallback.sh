#!/bin/bash
if command -v wget >/dev/null; then
    wget -q https://example.com/a.tgz
elif command -v curl >/dev/null; then
    curl -fsSLO https://example.com/a.tgz
fi
tar xzf a.tgz
