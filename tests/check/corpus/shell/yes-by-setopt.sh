#!/bin/bash
dnf --setopt=assumeyes=1 install unzip
unzip -v
