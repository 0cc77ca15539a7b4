#!/bin/bash
echo "nothing to do any more"
exit 0
htop
apt-get install -y everything
