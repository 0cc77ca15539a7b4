#!/bin/bash
sudo bash -s -- arg <<EOF
lsof -nP
EOF
