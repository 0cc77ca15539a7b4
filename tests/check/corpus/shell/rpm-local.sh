#!/bin/bash
dnf install -y ./agent-1.2-3.x86_64.rpm
agentctl status
