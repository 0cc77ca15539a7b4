#!/bin/bash
dnf install -y python3-{flask,psycopg2} httpd{,-tools}
ab -V
flask --version
