#!/bin/bash
# Looks around on a new machine.
grep VERSION_ID /etc/os-release
less --version
ss -tln
htop --version
