#!/bin/bash
if [ "${INSTALL_TOOLS:-no}" = yes ]; then
    tree /
fi
