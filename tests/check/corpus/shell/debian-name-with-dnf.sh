#!/bin/bash
dnf install -y build-essential libssl-dev python3-pip
gcc -o /tmp/x /tmp/x.c
