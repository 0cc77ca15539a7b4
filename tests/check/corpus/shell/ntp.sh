#!/bin/bash
timedatectl set-timezone Europe/Berlin
chronyc -a makestep
ntpdate pool.example.org
