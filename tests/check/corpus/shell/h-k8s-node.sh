#!/bin/bash
# Prepares a Kubernetes node.
set -euo pipefail
swapoff -a
sed -i '/ swap / s/^/#/' /etc/fstab
cat > /etc/modules-load.d/k8s.conf <<EOF
overlay
br_netfilter
EOF
modprobe overlay
modprobe br_netfilter
sysctl --system
apt-get install -y apt-transport-https ca-certificates curl gpg
mkdir -p -m 755 /etc/apt/keyrings
curl -fsSL https://example.com/Release.key | gpg --dearmor -o /etc/apt/keyrings/k.gpg
apt-mark hold kubelet kubeadm kubectl
