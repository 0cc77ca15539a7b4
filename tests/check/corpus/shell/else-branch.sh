#!/bin/bash
if ping -c1 -W1 10.0.0.1; then
    echo up
else
    traceroute 10.0.0.1
fi
