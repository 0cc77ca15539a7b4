#!/bin/bash
set -euo pipefail
systemctl daemon-reload
systemctl start beacon.service
mkdir -p /run/app
echo 1.0 > /run/app/version
