#!/bin/bash
dnf -y install /usr/bin/strace less.x86_64 'python3-psy*' jq-1.0-1 wget
strace -V
less --version
jq -V
wget --version
python3 -c 'import psycopg2'
