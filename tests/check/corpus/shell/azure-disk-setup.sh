#!/bin/bash
# Formats and mounts the data disks of an Azure VM.
set -e
for link in /dev/disk/azure/scsi1/lun*; do
    [ -e "$link" ] || continue
    dev=$(readlink -f "$link")
    if ! blkid "$dev" >/dev/null; then
        sgdisk -n 1:0:0 "$dev"
        udevadm settle
        mkfs.xfs "${dev}1"
    fi
    uuid=$(blkid -s UUID -o value "${dev}1")
    grep -q "$uuid" /etc/fstab || echo "UUID=$uuid /data xfs defaults,nofail 0 2" >> /etc/fstab
done
mount -a
