#!/bin/bash
(cd /opt && tar czf /tmp/opt.tgz .)
out=$( (ls; df) | wc -l )
( set -e; jo a=1 )
