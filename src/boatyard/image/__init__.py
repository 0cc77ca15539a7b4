"""Images: root file system, initrd, disk layout, boot loader, ISO and disk formats. Nothing here boots them."""
