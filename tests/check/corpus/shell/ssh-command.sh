#!/bin/bash
ssh -o StrictHostKeyChecking=no admin@web.example.com "sudo apt-get install -y nginx && jq . /etc/x.json"
