#!/bin/bash
set -e
disk=/dev/disk/azure/scsi1/lun0
echo 'type=83' | sfdisk "$disk"
mkfs.xfs -f "${disk}-part1"
pvcreate /dev/sdc && vgcreate data /dev/sdc && lvcreate -l 100%FREE -n d data
mkfs.ext4 /dev/data/d
blkid -o value -s UUID /dev/data/d
mount -a
