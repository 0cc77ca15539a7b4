#!/bin/bash
if [ "$1" = --with-db ]; then
    dnf install -y postgresql
fi
# Runs in both cases, as people write it when they know that the option is given.
psql --version
