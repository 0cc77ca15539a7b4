#!/bin/bash
# The quick start of many templates, written for another distribution.
apt-get -y update
apt-get -y install nginx
echo "<h1>$(hostname)</h1>" > /var/www/html/index.html
ufw allow 'Nginx HTTP'
systemctl restart nginx
