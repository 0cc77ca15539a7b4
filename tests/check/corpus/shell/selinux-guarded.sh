#!/bin/bash
if command -v getenforce >/dev/null && [ "$(getenforce)" != Disabled ]; then
    semanage fcontext -a -t bin_t '/opt/app/bin(/.*)?'
    restorecon -Rv /opt/app
fi
