#!/bin/bash
die() { echo "$*" >&2; exit 1; }
unzip -q /tmp/app.zip -d /opt/app || die "cannot unpack"
