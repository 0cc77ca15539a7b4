#!/bin/bash
install_tool() {
    command -v tmux >/dev/null && return 0
    dnf install -y tmux
}
install_tool
tmux -V
