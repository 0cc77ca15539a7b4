#!/bin/bash
/usr/bin/supervisord -c /etc/supervisord.conf
