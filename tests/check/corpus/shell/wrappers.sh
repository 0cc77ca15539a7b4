#!/bin/bash
sudo -u nobody -H timeout 30 curl -s https://example.com
nohup nice -n 10 tar czf /tmp/b.tgz /etc &
env -i PATH=/usr/bin LANG=C date
flock -n /run/lock/x.lock sleep 1
setsid stdbuf -oL ping -c1 127.0.0.1
time ls
exec 3>&1
command ls
