#!/bin/bash
sudo sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward'
sudo bash -c "dig +short example.com > /etc/resolved"
