#!/bin/bash
systemctl restart chrony systemd-resolved.service
systemctl enable getty@tty2.service serial-getty@ttyS0
systemctl mask tmp.mount
systemctl is-active --quiet nginx && echo yes
systemctl --user enable foo
