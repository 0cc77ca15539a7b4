#!/bin/bash
case "$1" in
    pack) zip -r /tmp/a.zip /etc ;;
    *) tar czf /tmp/a.tgz /etc ;;
esac
