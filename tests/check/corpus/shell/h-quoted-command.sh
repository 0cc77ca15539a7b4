#!/bin/bash
"jq" . /etc/a.json
'g'it status
\ls -l
l"s" /
