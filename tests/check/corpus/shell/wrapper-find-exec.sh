#!/bin/bash
find /srv -type f -name '*.sh' -exec dos2unix {} \;
