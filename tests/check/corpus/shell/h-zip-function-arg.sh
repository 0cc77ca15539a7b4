#!/bin/bash
run() { echo "+ $*"; "$@"; }
run mkdir -p /opt/x
run zip -r /tmp/x.zip /opt/x
