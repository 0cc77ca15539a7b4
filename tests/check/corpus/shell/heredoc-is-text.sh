#!/bin/bash
cat > /etc/motd <<'EOF'
Welcome. Use htop or apt-get to feel at home.
git clone is your friend.
EOF
cat <<EOF
jq is not run here
EOF
