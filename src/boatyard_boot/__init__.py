"""What makes a disk boot: layout, partition table, boot loader, menu, initrd. Standard library only.

The image builder, the installer and the running system (for new kernels) share it.
"""
