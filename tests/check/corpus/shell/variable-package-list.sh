#!/bin/bash
PKGS="nginx jq"
PKGS="$PKGS unzip"
dnf -y install $PKGS
unzip -v
jq -V
