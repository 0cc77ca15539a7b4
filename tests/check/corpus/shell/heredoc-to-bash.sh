#!/bin/bash
bash <<'EOF'
set -e
unzip /tmp/a.zip
EOF
