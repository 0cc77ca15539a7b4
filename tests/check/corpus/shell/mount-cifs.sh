#!/bin/bash
mkdir -p /mnt/share
dnf -y install cifs-utils
mount -t cifs //acct.example.com/share /mnt/share -o credentials=/etc/smb.cred
