#!/bin/bash
dnf -q makecache
dnf clean all
dnf repolist
dnf search nginx
dnf list installed | wc -l
rpm -qa | sort > /tmp/packages
