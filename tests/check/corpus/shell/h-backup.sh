#!/bin/bash
set -o pipefail
DEST=/var/backups
mkdir -p "$DEST"
tar -C / -cf - etc | pigz > "$DEST/etc-$(date +%F).tgz"
find "$DEST" -mtime +14 -delete
gpg --batch --yes -e -r ops@example.com "$DEST/etc-$(date +%F).tgz"
azcopy copy "$DEST" "https://acct.example.com/b" --recursive
