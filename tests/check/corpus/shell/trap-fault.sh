#!/bin/bash
trap 'srm -r /tmp/secret' EXIT
echo working
