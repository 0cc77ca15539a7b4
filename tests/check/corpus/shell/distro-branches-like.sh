#!/bin/bash
source /etc/os-release
if [[ "$ID_LIKE" == *debian* ]]; then
    PKG="apt-get"
    apt-get update -q
else
    PKG="dnf"
fi
$PKG install -y unzip
