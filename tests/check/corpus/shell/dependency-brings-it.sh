#!/bin/bash
# less comes with git.
dnf -y install git
git --no-pager log -1
echo done | less -F
