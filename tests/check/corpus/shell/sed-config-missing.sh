#!/bin/bash
sed -i 's/worker_processes.*/worker_processes 4;/' /etc/nginx/nginx.conf
