#!/bin/bash
firewall-cmd --permanent --add-service=http
firewall-cmd --reload
