#!/bin/bash
ls /srv | xargs -I{} bash -c 'echo {}; jq . /srv/{}/x.json'
printf '%s\n' a b | xargs -n1 -I% sh -c "mkdir -p /tmp/%"
