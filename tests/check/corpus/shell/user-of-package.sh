#!/bin/bash
dnf install -y nginx
chown nginx:nginx /srv/www
