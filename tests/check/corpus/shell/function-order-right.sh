#!/bin/bash
configure() {
    envsubst < /opt/app/app.conf.in > /etc/app.conf
}
setup() {
    dnf install -y gettext-envsubst
}
setup
configure
