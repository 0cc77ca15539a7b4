#!/bin/bash
case "${1:-}" in
    start) systemctl start chrony ;;
    stop|halt) systemctl stop chrony ;;
    htop|tree) echo "no" ;;
    -h|--help) echo usage; exit 0 ;;
    *) echo "unknown: $1" >&2; exit 64 ;;
esac
