#!/bin/bash
ip addr show
ss -tlnp
route -n
arp -a
