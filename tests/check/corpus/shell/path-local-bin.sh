#!/bin/bash
export PATH="$PATH:/usr/local/bin:$HOME/bin"
curl -fsSL -o /usr/local/bin/kubectl https://example.com/kubectl
chmod +x /usr/local/bin/kubectl
kubectl version --client
