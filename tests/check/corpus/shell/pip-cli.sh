#!/bin/bash
dnf install -y python3-pip
pip3 install ansible-core awscli
ansible-playbook site.yml
aws s3 ls
