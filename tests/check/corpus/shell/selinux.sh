#!/bin/bash
semanage port -a -t http_port_t -p tcp 8080
setsebool -P httpd_can_network_connect 1
