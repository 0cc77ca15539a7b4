"""/etc/fstab of a layout (fstab(5))."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping

    from boatyard_boot.layout import Filesystem, Layout


def fstab(layout: Layout, devices: Mapping[str, str]) -> str:
    """The lines for all file systems; `devices`: what mount(8) calls each place, by `on`. Root is checked first.

    In the order in which they are mounted, as `mount -a` and findmnt(8) want them; swap is last.
    """
    lines = []
    for filesystem in sorted(layout.filesystems, key=lambda one: (not one.mount, one.mount)):
        check = {"/": 1}.get(filesystem.mount, 2) if filesystem.type == "ext4" else 0
        mount, options = filesystem.mount or "none", filesystem.options or "defaults"
        lines.append(f"{devices[filesystem.on]} {mount} {filesystem.type} {options} 0 {check}\n")
    return "".join(lines)


def by_uuid(filesystem: Filesystem, identity: uuid.UUID) -> str:
    """What mount(8) calls a file system made with an identity; FAT keeps the first four bytes of it."""
    if filesystem.type == "vfat":
        return f"UUID={identity.hex[:4]}-{identity.hex[4:8]}".upper()
    return f"UUID={identity}"
