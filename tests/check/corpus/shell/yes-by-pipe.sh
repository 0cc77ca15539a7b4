#!/bin/bash
yes | dnf install nginx
systemctl enable --now nginx
