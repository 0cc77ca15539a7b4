#!/bin/bash
cd /opt; ls; whois example.com; true
{ date; fortune; } >> /tmp/log
