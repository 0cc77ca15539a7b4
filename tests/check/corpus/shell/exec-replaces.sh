#!/bin/bash
exec /usr/bin/python3 -m http.server 8000
htop
