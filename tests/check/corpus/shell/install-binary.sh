#!/bin/bash
cd /tmp
curl -LO https://example.com/releases/yq_linux_amd64
install -m 0755 yq_linux_amd64 /usr/local/bin/yq
yq --version
mv /tmp/tool-v1 /usr/local/bin/tool
tool run
ln -s /opt/az/bin/az /usr/local/bin/az
az version
