#!/bin/bash
set -e
groupadd --system app
useradd --system --gid app --home-dir /opt/app --shell /usr/sbin/nologin app
mkdir -p /opt/app
chown -R app:app /opt/app
sudo -u app id
usermod -aG wheel app
