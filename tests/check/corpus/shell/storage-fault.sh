#!/bin/bash
parted -s /dev/sdc mklabel gpt mkpart primary xfs 0% 100%
partprobe /dev/sdc
mkfs.btrfs /dev/sdc1
