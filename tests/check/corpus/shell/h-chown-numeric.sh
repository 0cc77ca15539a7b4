#!/bin/bash
chown -R 1000:1000 /srv/data
chown --reference=/etc/hosts /srv/data
chgrp -R ops /srv/data
