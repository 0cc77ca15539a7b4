#!/bin/bash
dnf install nginx
systemctl enable --now nginx
