#!/bin/bash
packages=(nginx jq)
packages+=(git)
dnf install -y "${packages[@]}"
git --version
nginx -t
