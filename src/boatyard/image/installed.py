"""What a root file system holds: its packages with the channel each came from, and how much room they take."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from typing import TYPE_CHECKING

from boatyard.artifact.image import PackageRow
from boatyard.ports.run import Command
from boatyard.ports.sandbox import Sandbox, inside

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.image.toolbox import Toolbox

RPMDB = "usr/lib/sysimage/rpm"
HISTORY = "var/lib/dnf/history.sqlite"
QUERY = r"%{NAME}\t%{EVR}\t%{ARCH}\t%{LONGSIZE}\t%{SOURCERPM}\n"


def installed_packages(box: Toolbox, root: Path) -> tuple[PackageRow, ...]:
    """The packages of a root, sorted by name. Sizes are those the packages declare, in bytes."""
    sandbox = Sandbox(read_only=((root, "/target"),))
    argv = ("rpm", "--root", "/target", "--dbpath", f"/{RPMDB}", "-qa", "--qf", QUERY)
    channels = _channels(root)
    rows = []
    for line in box.run(inside(sandbox, Command(argv=argv))).text.splitlines():
        name, evr, arch, size, source = line.split("\t")
        if name != "gpg-pubkey":
            channel = channels.get(name, "")
            rows.append(PackageRow(name=name, evr=evr, arch=arch, size=int(size), source=source, channel=channel))
    return tuple(sorted(rows, key=lambda row: (row.name, row.evr, row.arch)))


def _channels(root: Path) -> dict[str, str]:
    """Where dnf says that each package came from."""
    history = root / HISTORY
    if not history.is_file():
        return {}
    with contextlib.closing(sqlite3.connect(f"file:{history}?mode=ro", uri=True)) as database:
        return dict(
            database.execute(
                "select rpm.name, repo.repoid from trans_item"
                " join rpm on rpm.item_id = trans_item.item_id join repo on repo.id = trans_item.repo_id"
            )
        )


def installed_size(root: Path) -> int:
    """The lengths of all files in bytes, each hard-linked file once: the same on every file system."""
    seen: set[int] = set()
    total = 0
    for folder, _, names in os.walk(root):
        for name in names:
            status = os.lstat(os.path.join(folder, name))  # noqa: PTH118 twice as fast as Path on 10,000 files
            if status.st_ino not in seen:
                seen.add(status.st_ino)
                total += status.st_size
    return total
