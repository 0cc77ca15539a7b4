#!/bin/bash
diff <(rpm -qa | sort) <(sort /root/packages.txt)
while read -r line; do echo "$line"; done < <(tree -if /etc)
