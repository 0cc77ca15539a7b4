#!/bin/bash
find /var/log -name '*.gz' -print0 | xargs -0 -n1 -P2 pigz -d
