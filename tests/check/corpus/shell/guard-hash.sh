#!/bin/bash
hash tmux 2>/dev/null && tmux kill-server
hash git 2>/dev/null || { echo "installing git"; dnf install -y git; }
git config --global init.defaultBranch main
