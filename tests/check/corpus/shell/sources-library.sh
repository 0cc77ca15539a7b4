#!/bin/bash
source "$(dirname "$0")/lib-not-given.sh"
log_info "from the library"
do_everything
