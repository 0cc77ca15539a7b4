#!/bin/bash
ssh admin@db.example.com <<'EOF'
apt-get update
htop
EOF
scp report.txt admin@db.example.com:/tmp/
