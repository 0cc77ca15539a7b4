#!/bin/bash
systemctl restart sshd
systemctl reload sshd.service
