#!/bin/bash
set -e
dnf install -y jq git
git clone https://example.com/app.git /opt/app
jq . /opt/app/config.json
