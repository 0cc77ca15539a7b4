#!/bin/bash
rpm --import https://example.com/key.asc
rpm -Uvh https://example.com/packages-microsoft-prod.rpm
dnf install -y azure-cli
az version
