#!/bin/bash
htop -v || top -b -n1
