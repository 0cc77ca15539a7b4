#!/bin/bash
set -e
helm version
curl -fsSL -o /usr/local/bin/helm https://example.com/helm
chmod 0755 /usr/local/bin/helm
