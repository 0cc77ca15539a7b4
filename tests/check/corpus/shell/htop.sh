#!/bin/bash
uptime
htop --tree
