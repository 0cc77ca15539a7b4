#!/bin/bash
# Greets somebody, and brings the pager that Skiff leaves out.
set -euo pipefail

name=$1
echo "Hello $name" > /srv/hello/index.html
dnf install -y less
less --version | head -n 1
