#!/bin/bash
# Shows the agent's log to whoever runs it.
set -e
less +G /var/log/waagent.log
