#!/bin/bash
if [ -f /etc/debian_version ]; then
    apt-get install -y cron
    service cron start
elif [ -f /etc/redhat-release ]; then
    yum install -y cronie
fi
