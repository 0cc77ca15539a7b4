#!/bin/bash
while IFS=: read -r user _ uid _; do
    [ "$uid" -ge 1000 ] && echo "$user"
done < /etc/passwd
mapfile -t lines < /etc/hosts
