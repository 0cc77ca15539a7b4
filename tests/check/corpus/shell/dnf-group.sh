#!/bin/bash
dnf -y group install "Development Tools"
gcc --version
