#!/bin/bash
rpm -q nginx || dnf install -y nginx
nginx -t
