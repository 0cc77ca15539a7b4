#!/bin/bash
>/tmp/out 2>&1 lsof -v
< /etc/passwd wc -l
