#!/bin/bash
set -e
version=$(jq -r .version /etc/app/release.json)
dnf install -y jq
echo "$version"
