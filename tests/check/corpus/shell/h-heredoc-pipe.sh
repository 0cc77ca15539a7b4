#!/bin/bash
cat <<'EOF' | python3
import sqlite3, boto3
EOF
cat <<EOF | sudo tee /etc/sysctl.d/99-x.conf
net.ipv4.ip_forward = 1
EOF
