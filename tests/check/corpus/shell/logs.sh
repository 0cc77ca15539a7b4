#!/bin/bash
logger -t deploy "started"
journalctl -u cloud-final --no-pager | tail -n 50
systemd-cat -t deploy echo hello
logrotate -f /etc/logrotate.conf
