"""Layers over disks: what a machine writes, in a file of its own, while the disk below stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from boatyard.ports.run import Command

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.artifact.machine import Drive
    from boatyard.ports.run import Runner


def layered(drive: Drive, layer: Path, run: Runner) -> Drive:
    """The drive with `layer`, a new qcow2 file that takes the writes; it names the disk below by its whole path.

    ToolError when `qemu-img` is missing or refuses the disk.
    """
    below = str(drive.path.absolute())
    run(Command(argv=("qemu-img", "create", "-q", "-f", "qcow2", "-b", below, "-F", drive.format, str(layer))))
    layer.chmod(0o600)
    return msgspec.structs.replace(drive, path=layer, format="qcow2", keep_writes=True)
