#!/bin/bash
(crontab -l 2>/dev/null; echo "0 3 * * * /usr/local/bin/backup") | crontab -
