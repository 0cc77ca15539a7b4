#!/bin/bash
chown -R nginx:nginx /srv/www
