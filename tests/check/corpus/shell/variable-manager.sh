#!/bin/bash
PM=apt-get
sudo $PM install -y jq
