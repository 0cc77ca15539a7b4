#!/bin/bash
dnf -y install jq && jq --version && git --version && echo ok
