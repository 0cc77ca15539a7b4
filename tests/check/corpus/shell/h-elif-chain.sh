#!/bin/bash
ID=$(awk -F= '/^ID=/{gsub(/"/,""); print $2}' /etc/os-release)
if [ "$ID" = ubuntu ] || [ "$ID" = debian ]; then
  apt-get install -y nfs-common
elif [ "$ID" = alpine ]; then
  apk add nfs-utils
else
  dnf install -y nfs-utils
fi
exportfs -ra
