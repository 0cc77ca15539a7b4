#!/bin/bash
dnf install -y gcc make
cd /usr/src/mytool
./configure --prefix=/usr/local && make && make install
mytool --help
