"""Virtual machines: QEMU command lines as values, firmware, serial console, QMP, SSH; nothing is left running."""
