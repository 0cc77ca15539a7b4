#!/bin/bash
pkgs() { echo nginx; echo jq; }
dnf install -y $(pkgs)
nginx -t
jq --version
