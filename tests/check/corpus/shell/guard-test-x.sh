#!/bin/bash
if [ -x /usr/bin/lsof ]; then
    lsof -i :443
fi
[ -x /usr/sbin/tcpdump ] && tcpdump -D
true
