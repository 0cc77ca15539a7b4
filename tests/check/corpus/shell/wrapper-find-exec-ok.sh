#!/bin/bash
find /srv -type f -name '*.sh' -exec chmod 755 {} +
find /tmp -mtime +7 -exec rm -f -- {} \;
