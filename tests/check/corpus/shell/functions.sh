#!/bin/bash
install_deps() {
    dnf install -y "$@"
}
log() { printf '%s %s\n' "$(date -Is)" "$*"; }
main() {
    log "installing"
    install_deps nginx jq
    jq -r .port /opt/app/config.json
    systemctl enable --now nginx
}
main "$@"
