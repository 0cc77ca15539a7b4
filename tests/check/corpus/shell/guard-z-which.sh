#!/bin/bash
if [ -z "$(command -v make)" ]; then
    dnf install -y make gcc
fi
make -C /opt/src
gcc --version
