#!/bin/bash
awk 'BEGIN { system("ls"); print "htop" }' /dev/null
sed -n '/jq/p' /etc/services
grep -E '(git|htop|tree)' /etc/services || true
find / -name git -o -name htop -prune
python3 -c 'print("nginx")'
