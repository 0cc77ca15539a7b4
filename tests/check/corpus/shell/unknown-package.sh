#!/bin/bash
dnf install -y curl htop tree
