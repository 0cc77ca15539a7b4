#!/bin/bash
cat > /usr/local/bin/report.sh <<'EOF'
#!/bin/bash
df -h
lsof -n | wc -l
EOF
chmod +x /usr/local/bin/report.sh
/usr/local/bin/report.sh
