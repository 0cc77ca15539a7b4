#!/bin/bash
which unzip >/dev/null 2>&1 || dnf install -y unzip
unzip -q /tmp/bundle.zip -d /opt/bundle
