#!/bin/bash
dnf -y --nogpgcheck --enablerepo=skiff-base install strace
dnf -y module enable nodejs:20
dnf -y update
rpm -e less || true
strace true
