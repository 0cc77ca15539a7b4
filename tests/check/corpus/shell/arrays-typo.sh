#!/bin/bash
packages=(
    nginx
    python3-piip
    git
)
dnf install -y "${packages[@]}"
