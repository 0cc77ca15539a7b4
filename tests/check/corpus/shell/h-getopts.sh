#!/bin/bash
while getopts "hv:" opt; do
  case $opt in
    h) exec less "$0" ;;
    v) level=$OPTARG ;;
  esac
done
shift $((OPTIND - 1))
