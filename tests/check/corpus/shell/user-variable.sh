#!/bin/bash
APP_USER="${APP_USER:-app}"
useradd "$APP_USER"
chown "$APP_USER" /opt
su - "$APP_USER" -c 'id'
