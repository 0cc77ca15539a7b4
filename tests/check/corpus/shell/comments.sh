#!/bin/bash
# apt-get install htop
: 'jq . file'  # less file
echo "run: git clone x; htop" 'tree /' # tree
printf '%s\n' "$(echo nmap)"
