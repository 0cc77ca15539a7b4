#!/bin/bash
install -d /opt/app
chown deploy /opt/app
useradd -m deploy
