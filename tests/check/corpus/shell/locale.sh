#!/bin/bash
localectl set-locale LANG=C.UTF-8
locale-gen en_US.UTF-8
