#!/bin/bash
usage() {
    cat <<-USAGE
	usage: htop [options]
	  jq is needed
	USAGE
    exit 1
}
[ $# -gt 0 ] || usage
ethtool eth0
