#!/bin/bash
systemd-run --unit=backup --on-active=60 --property=Nice=10 socat - TCP:127.0.0.1:80
