#!/bin/bash
dnf install -y --downloadonly nginx
nginx -v
