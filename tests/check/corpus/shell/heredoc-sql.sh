#!/bin/bash
dnf install -y postgresql-server
sudo -u postgres psql <<'SQL'
CREATE DATABASE app;
GRANT ALL ON DATABASE app TO app;
SQL
