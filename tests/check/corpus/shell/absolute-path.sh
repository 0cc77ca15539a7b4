#!/bin/bash
/usr/bin/curl -s https://example.com
/bin/ls /
/usr/sbin/nginx -t
