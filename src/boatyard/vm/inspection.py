"""What a disk image is like inside, without starting it: QEMU's own tool reads it, within limits."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from boatyard.artifact.codec import Artifact
from boatyard.base.error import ImageError, ToolError
from boatyard.ports.lease import leased_dir
from boatyard.ports.run import Command
from boatyard.vm.partition import LOOKED_AT, bootable

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.ports.run import Runner

# A small file may claim to be anything; qemu-img needs a fraction of this for a disk of terabytes.
LIMITS = ("prlimit", "--as=2147483648", "--cpu=30", "--fsize=16777216", "--")
TIMEOUT_S = 60.0


class Inspection(Artifact, frozen=True):
    """`size`: of the disk that a machine sees, in bytes. `uefi`, `bios`: whether such firmware finds something."""

    size: int
    uefi: bool
    bios: bool


def inspect(path: Path, form: str, run: Runner, scratch: Path) -> Inspection:
    """Looks at an image in a format that `vm.media.detect` told. `scratch`: a folder for such work alone.

    ImageError when it is damaged or empty; ToolError when `qemu-img` is missing.
    """
    told = _qemu_img(path, run, "info", "--output=json", "-f", form, str(path.absolute()))
    try:
        size = int(json.loads(told)["virtual-size"])
    except (ValueError, TypeError, KeyError):
        raise ImageError(f"qemu-img does not say how large the disk in {path} is") from None
    if size <= 0:
        raise ImageError(f"{path} is empty")
    with leased_dir(scratch) as folder:
        target = folder / "head"
        places = (f"if={path.absolute()}", f"of={target}", f"bs={LOOKED_AT}", "count=1")
        _qemu_img(path, run, "dd", "-f", form, "-O", "raw", *places)
        found = bootable(target.read_bytes()[:LOOKED_AT])
    return Inspection(size=size, uefi=found.uefi, bios=found.bios)


def _qemu_img(path: Path, run: Runner, *words: str) -> bytes:
    try:
        return run(Command(argv=(*LIMITS, "qemu-img", *words), timeout_s=TIMEOUT_S)).stdout
    except ToolError as error:
        problem = error.problems[0]
        if "not installed" in problem.what:
            raise
        raise ImageError(f"{path} cannot be read: it is damaged, or no disk image", detail=problem.detail) from None
