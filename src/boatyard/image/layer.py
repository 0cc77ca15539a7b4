"""A layer: what a live system has more than the root it comes with, to be laid over that root by overlayfs.

    work/layer/<key>/made/{layer.squashfs,layer.json}

The packages are installed into a copy of the root as into the root itself, and what is the same there is taken away.
What the root has and the layer has not is a whiteout, a character device 0:0, as overlayfs knows it.
"""

from __future__ import annotations

import filecmp
import os
import stat
from dataclasses import replace
from typing import TYPE_CHECKING

from boatyard.artifact.codec import find_sealed, save_sealed
from boatyard.artifact.image import Layer
from boatyard.base.digest import fingerprint
from boatyard.image.filesystem import make_squashfs
from boatyard.image.finish import finish
from boatyard.image.installed import installed_packages
from boatyard.image.rootfs import install
from boatyard.image.toolbox import Toolbox
from boatyard.ports.files import locked, replacing_dir, sweep_temporaries, temporary_dir

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from boatyard.artifact.image import Rootfs
    from boatyard.image.rootfs import RootfsPlan
    from boatyard.ports.run import Runner

# Raised when the same inputs would give another layer.
RECIPE = 1
# With it a medium installs when it is started, and the menu says so.
INSTALLER = "usr/lib/systemd/system/boatyard-install.target"


def run_layer(plan: RootfsPlan, rootfs: Rootfs, packages: Sequence[str], folder: Path, run: Runner) -> Layer:
    """The layer that `packages` are on top of a root, made at `folder/<key>` when it is not there yet.

    ImageError when they cannot be installed, or leave behind what no image may hold.
    """
    key = fingerprint([RECIPE, rootfs.key, sorted(packages)])
    place = folder / key[:16]
    with locked(place / "lock"):
        record = place / "made/layer.json"
        found = find_sealed(Layer, record)
        if found is not None and found.key == key and found.path.is_file():
            return found
        sweep_temporaries(place)
        box = Toolbox(run, place / "log", plan.epoch)
        with replacing_dir(record.parent) as made, temporary_dir(place) as temporary:
            tree = temporary / "tree"
            box.host("cp", "-a", "--reflink=auto", str(rootfs.dir), str(tree))
            install(replace(plan, packages=tuple(sorted(packages))), tree, box)
            finish(box, tree, compile_all=True)
            before = {(row.name, row.evr) for row in rootfs.packages}
            layer = Layer(
                path=record.parent / "layer.squashfs",
                key=key,
                installer=(tree / INSTALLER).is_file(),
                packages=tuple(row for row in installed_packages(box, tree) if (row.name, row.evr) not in before),
            )
            keep_differences(tree, rootfs.dir)
            make_squashfs(box, made / layer.path.name, tree)
            save_sealed(layer, made / record.name)
    return layer


def keep_differences(tree: Path, base: Path) -> bool:
    """Leaves in `tree` only what `base` has not, or has otherwise, and whiteouts; whether anything is left.

    The folders that are left keep their mode and time.
    """
    status = tree.lstat()
    left = False
    names = {entry.name for entry in os.scandir(tree)}
    for name in sorted(names | {entry.name for entry in os.scandir(base)}):
        mine, theirs = tree / name, base / name
        if name not in names:
            os.mknod(mine, stat.S_IFCHR, os.makedev(0, 0))
            left = True
        elif _is_folder(mine) and _is_folder(theirs):
            if keep_differences(mine, theirs) or _looks(mine) != _looks(theirs):
                left = True
            else:
                mine.rmdir()
        elif os.path.lexists(theirs) and _is_same(mine, theirs):
            mine.unlink()
        else:
            left = True
    os.utime(tree, ns=(status.st_mtime_ns, status.st_mtime_ns))
    return left


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _looks(path: Path) -> object:
    """Mode, owner and extended attributes; the latter hold capabilities."""
    status = path.lstat()
    names = sorted(os.listxattr(path, follow_symlinks=False))
    attributes = [(name, os.getxattr(path, name, follow_symlinks=False)) for name in names]
    return status.st_mode, status.st_uid, status.st_gid, attributes


def _is_same(mine: Path, theirs: Path) -> bool:
    one, other = mine.lstat(), theirs.lstat()
    if (one.st_mtime_ns, one.st_size, one.st_rdev) != (other.st_mtime_ns, other.st_size, other.st_rdev):
        return False
    if _looks(mine) != _looks(theirs):
        return False
    if stat.S_ISLNK(one.st_mode):
        return mine.readlink() == theirs.readlink()
    return not stat.S_ISREG(one.st_mode) or filecmp.cmp(mine, theirs, shallow=False)
