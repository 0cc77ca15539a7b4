#!/bin/bash
set -e
PGVER=16
dnf -y install postgresql-server
postgresql-setup --initdb
systemctl enable --now postgresql
until sudo -u postgres psql -c 'select 1' >/dev/null 2>&1; do sleep 1; done
sudo -u postgres createdb app
pg_dump --version
pg_lsclusters
