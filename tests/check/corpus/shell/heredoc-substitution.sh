#!/bin/bash
cat > /etc/app.env <<EOF
HOST=$(hostname -f)
ADDRESS=$(ifconfig eth0 | awk '/inet /{print $2}')
EOF
