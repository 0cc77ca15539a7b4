#!/bin/bash
htop -b  # boatyard: ignore SP002 only people who log in run this line
# boatyard: ignore SP001 the next line runs on a host that has jq
jq . /etc/app.json
# boatyard: disable=SP004 this part is for Ubuntu hosts
apt-get update
# boatyard: enable=SP004
true
