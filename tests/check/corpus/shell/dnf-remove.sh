#!/bin/bash
dnf -y remove curl
curl -s https://example.com
