#!/bin/bash
if ! getent passwd app >/dev/null; then
    useradd app
fi
! grep -q app /etc/group && groupadd app
chown app /tmp
