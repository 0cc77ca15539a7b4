#!/bin/bash
dnf install -y moby-engine
systemctl enable --now docker
docker run --rm ubuntu:24.04 apt-get --version
docker exec web htop
