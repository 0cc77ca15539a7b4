#!/bin/bash
shopt -s expand_aliases
alias ll='ls -l'
alias json=jq
ll /etc
json . /etc/app.json
