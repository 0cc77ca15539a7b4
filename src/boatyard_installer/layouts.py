"""The layouts that the installer knows by name; a custom one is taken as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from boatyard_boot.layout import LVM, Filesystem, Layout, Partition, Role, Volume

if TYPE_CHECKING:
    from boatyard_installer.answers import LayoutChoice

ROOT = "root"


def layout_for(choice: LayoutChoice) -> Layout:
    """The layout of a choice, in words that images use too."""
    if choice.kind == "custom":
        return Layout(partitions=choice.partitions, volumes=choice.volumes, filesystems=choice.filesystems)
    if choice.kind == "plain":
        return _plain(choice)
    group = LVM.volume_group
    swap = (Volume(name="swap", size=choice.swap),) if choice.swap else ()
    encrypt = choice.kind == "luks"
    return Layout(
        partitions=tuple(replace(one, encrypt=encrypt) if one.role == Role.LVM else one for one in LVM.partitions),
        volumes=(*swap, *LVM.volumes),
        filesystems=_filesystems(choice, f"{group}/{ROOT}", f"{group}/swap"),
    )


def _plain(choice: LayoutChoice) -> Layout:
    """Partitions only; the root is the last, so that it can grow."""
    swap = (Partition(name="swap", role=Role.SWAP, size=choice.swap),) if choice.swap else ()
    fixed = tuple(partition for partition in LVM.partitions if partition.role != Role.LVM)
    return Layout(
        partitions=(*fixed, *swap, Partition(name=ROOT, role=Role.ROOT)),
        filesystems=_filesystems(choice, ROOT, "swap"),
    )


def _filesystems(choice: LayoutChoice, root: str, swap: str) -> tuple[Filesystem, ...]:
    """Those of the usual layout, with the root elsewhere and of another kind."""
    made = tuple(replace(one, on=root, type=choice.filesystem) if one.mount == "/" else one for one in LVM.filesystems)
    return (*made, Filesystem(on=swap, type="swap", label="swap")) if choice.swap else made
