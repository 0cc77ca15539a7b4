#!/usr/bin/env bash
set -o errexit
git clone https://example.com/infra.git /srv/infra
cd /srv/infra
sudo dnf -y install git make
make all
