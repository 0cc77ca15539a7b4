#!/bin/bash
if ! type rsync > /dev/null 2>&1; then dnf -y install rsync; fi
rsync -a /srv/ /backup/
