#!/bin/bash
htop() { top "$@"; }
htop -b -n 1
