#!/bin/bash
if ! dnf install -y unzip; then
  echo "cannot install" >&2
  exit 1
fi
unzip -v
if systemctl is-enabled nginx; then nginx -s reload; fi
