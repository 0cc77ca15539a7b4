#!/bin/bash
install -Dm644 app.service /etc/systemd/system/app.service
install -m755 -o root -g app app /usr/local/bin/
systemctl enable app
app --help
