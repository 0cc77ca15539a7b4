#!/bin/bash
. /etc/os-release
case "$ID" in
    ubuntu|debian)
        apt-get update
        apt-get -y install nginx
        ;;
    azurelinux|mariner|skiff|fedora|rhel)
        dnf -y install nginx
        ;;
    alpine) apk add nginx ;;
esac
