#!/bin/bash
cat > /usr/local/bin/hello <<'EOF'
#!/bin/bash
echo hello
EOF
chmod 755 /usr/local/bin/hello
hello
