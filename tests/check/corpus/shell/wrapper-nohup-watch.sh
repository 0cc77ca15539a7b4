#!/bin/bash
nohup watch -n 5 "ss -s" >/dev/null 2>&1 &
watch -n 60 'netstat -s'
