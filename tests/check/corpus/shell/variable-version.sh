#!/bin/bash
VERSION=${1:-1.2.3}
URL="https://example.com/app-${VERSION}.tar.gz"
curl -fL "$URL" -o "/tmp/app-${VERSION}.tar.gz"
mkdir -p "/opt/app/${VERSION}"
tar -xzf "/tmp/app-${VERSION}.tar.gz" -C "/opt/app/${VERSION}"
"/opt/app/${VERSION}/bin/app" start
