#!/bin/bash
set -e
wget https://example.com/app.zip
unzip app.zip -d /opt/app
dnf install -y unzip openjdk-17-jdk
systemctl enable --now tomcat9
