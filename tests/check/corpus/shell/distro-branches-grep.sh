#!/bin/bash
if grep -qi ubuntu /etc/os-release; then
  ufw allow 22/tcp
  netplan apply
fi
systemctl restart systemd-networkd
