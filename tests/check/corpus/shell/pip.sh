#!/bin/bash
set -e
dnf install -y python3-pip
pip3 install --no-cache-dir flask gunicorn==21.2 'redis>=5'
python3 -c 'import flask, redis'
gunicorn --version
