#!/bin/bash
dnf install -y dnf-plugins-core
dnf config-manager --add-repo https://example.com/hashicorp.repo
dnf -y install terraform
terraform version
