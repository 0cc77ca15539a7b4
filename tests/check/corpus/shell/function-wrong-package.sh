#!/bin/bash
install_deps() {
    dnf install -y "$@"
}
install_deps nginx figlet
