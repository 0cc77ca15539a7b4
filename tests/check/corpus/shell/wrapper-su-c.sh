#!/bin/bash
su - nobody -s /bin/bash -c "screen -dmS app sleep 100"
