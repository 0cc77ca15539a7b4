#!/bin/bash
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y jq unzip
jq --version
