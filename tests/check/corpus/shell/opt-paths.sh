#!/bin/bash
/opt/app/bin/start --daemon
/srv/tools/check
~/bin/mine
./deploy-helper
