#!/bin/bash
sed -i 's/^port .*/port 6380/' /etc/redis/redis.conf
dnf install -y redis
systemctl enable --now redis
