#!/bin/bash
sudo nice -n5 ionice -c3 timeout 1h rsync -a /a /b
sudo -n env FOO=bar nohup strace -f -p 1 &
