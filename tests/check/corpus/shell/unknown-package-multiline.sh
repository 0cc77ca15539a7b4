#!/bin/bash
set -e
PACKAGES="jq git"
dnf install -y $PACKAGES \
    unzip \
    neofetch \
    rsync
rsync --version
