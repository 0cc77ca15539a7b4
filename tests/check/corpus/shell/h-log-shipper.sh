#!/bin/bash
ARCH=$(uname -m)
case $ARCH in x86_64) A=amd64 ;; aarch64) A=arm64 ;; *) exit 1 ;; esac
curl -fsSL "https://example.com/fluent-bit-$A.tar.gz" | tar -xz --strip-components=1 -C /usr/local
fluent-bit --version
