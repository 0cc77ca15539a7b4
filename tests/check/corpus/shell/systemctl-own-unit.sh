#!/bin/bash
cat > /etc/systemd/system/app.service <<'EOF'
[Unit]
Description=App
[Service]
ExecStart=/opt/app/bin/app
[Install]
WantedBy=multi-user.target
EOF
systemctl daemon-reload
systemctl enable --now app.service
