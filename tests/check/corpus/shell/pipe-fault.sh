#!/bin/bash
lsblk -J | jq '.blockdevices[].name'
