#!/bin/bash
have() { command -v "$1" >/dev/null 2>&1; }
if have strace; then
    strace -V
fi
have bc && bc -v
have tmux || dnf install -y tmux
tmux -V
