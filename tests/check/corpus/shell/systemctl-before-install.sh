#!/bin/bash
systemctl enable nginx
dnf install -y nginx
systemctl start nginx
