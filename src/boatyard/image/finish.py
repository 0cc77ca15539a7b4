"""A freshly installed root made ready to be copied: no identity, no secret, no trace of the machine it was made on."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from typing import TYPE_CHECKING

from boatyard.base.error import ImageError
from boatyard.image.installed import HISTORY, RPMDB
from boatyard.ports.files import remove_tree
from boatyard_boot.module import MODULES, newest_kernel
from boatyard_boot.tree import find_file, resolve

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.image.toolbox import Toolbox

# What is made while packages are installed and must not be in an image.
LEFTOVERS = (
    "etc/*-", "etc/.pwd.lock", "etc/ssh/ssh_host_*", "root/.bash_history", "root/.gnupg", "tmp/*", "tmp/.[!.]*",
    "run/*", "var/tmp/*", "var/cache/dnf/*", "var/cache/ldconfig/aux-cache", "var/lib/dbus/machine-id",
    "var/lib/systemd/random-seed", "var/lib/systemd/credential.secret", "var/lib/cloud/instance*",
    "var/lib/cloud/data", "var/lib/cloud/sem", "var/lib/waagent/*", "var/lib/dnf/*.lock", "var/log/dnf*.log*",
    "var/log/hawkey.log*", "var/lib/rpm/.rpm.lock", f"{RPMDB}/.rpm.lock", f"{RPMDB}/rpmdb.sqlite-*",
)  # fmt: skip
UPDATE_DONE = "usr/lib/systemd/systemd-update-done"
PYTHONS = ("usr/lib/python3*", "usr/lib64/python3*")


def finish(box: Toolbox, root: Path, *, compile_all: bool = False) -> str:
    """Finishes a root and gives the release of its kernel; ImageError when it holds what no image may hold.

    `compile_all`: Python's modules also in folders where some are compiled.
    """
    for folder in sorted((root / MODULES).glob("*")):
        if not (folder / "modules.dep").is_file() and (folder / "kernel").is_dir():
            box.change_root(root, "/usr/sbin/depmod", "-a", folder.name)
    kernel = newest_kernel(root)
    if find_file(root, "usr/bin/systemctl"):
        # The presets of the distribution decide what is enabled, whatever scripts did without them.
        box.change_root(root, "/usr/bin/systemctl", "--root=/", "--quiet", "preset-all")
    _forget_identity(root)
    _settle_history(root, box.epoch)
    _clamp_times(root, box.epoch)
    _compile_python(box, root, everywhere=compile_all)
    _clamp_times(root, box.epoch)
    if find_file(root, UPDATE_DONE):
        # /etc and /var are as new as /usr; otherwise the first boot would make users and files once more.
        box.change_root(root, f"/{UPDATE_DONE}")
        _clamp_times(root, box.epoch)
    problems = hygiene_problems(root)
    if problems:
        raise ImageError(f"the root file system must not go into an image: {problems[0]}", detail="\n".join(problems))
    return kernel


def hygiene_problems(root: Path) -> list[str]:
    """What no image may hold: passwords, more than one root, keys that let somebody in."""
    problems = []
    shadow = find_file(root, "etc/shadow")
    for line in shadow.read_text("utf-8", "replace").splitlines() if shadow else ():
        user, password, *_ = [*line.split(":"), ""]
        if not password.startswith(("!", "*")):
            problems.append(f"{user} has {'a password' if password else 'an empty password'} in /etc/shadow")
    passwd = find_file(root, "etc/passwd")
    for line in passwd.read_text("utf-8", "replace").splitlines() if passwd else ():
        user, password, uid, *_ = [*line.split(":"), "", ""]
        if password not in ("x", "*", "!", "!!"):
            problems.append(f"{user} has a password in /etc/passwd")
        if uid == "0" and user != "root":
            problems.append(f"{user} has the user number 0, which is root's")
    for pattern in ("root/.ssh/authorized_keys*", "home/*/.ssh/authorized_keys*", "etc/ssh/ssh_host_*"):
        problems += [f"/{path.relative_to(root)} is there" for path in sorted(root.glob(pattern))]
    return problems


def _forget_identity(root: Path) -> None:
    for pattern in LEFTOVERS:
        for path in root.glob(pattern):
            remove_tree(path)
    # systemd makes one up at the first boot. With the word `uninitialized` it would also apply all presets once more
    # (machine-id(5)), which takes three seconds where code is emulated.
    machine_id = resolve(root, "etc/machine-id")
    machine_id.unlink(missing_ok=True)
    machine_id.touch()
    machine_id.chmod(0o444)


def _settle_history(root: Path, epoch: int) -> None:
    """Gives dnf's history the time of the inputs, and both databases a form that opens read-only."""
    history = root / HISTORY
    if history.is_file():
        with contextlib.closing(sqlite3.connect(history)) as database:
            database.execute(
                "update trans set dt_begin = ?, dt_end = ?, cmdline = 'boatyard image build'", (epoch, epoch)
            )
            database.execute("delete from console_output")
            database.commit()
    for path in (history, root / RPMDB / "rpmdb.sqlite"):
        if path.is_file():
            with contextlib.closing(sqlite3.connect(path)) as database:
                database.execute("pragma journal_mode = delete")
                database.execute("vacuum")


def _compile_python(box: Toolbox, root: Path, *, everywhere: bool) -> None:
    """Compiles Python's modules unless a package did: without it every start of dnf in the image takes seconds."""
    for pattern in PYTHONS:
        for folder in sorted(root.glob(pattern)):
            python = find_file(root, f"usr/bin/{folder.name}", "usr/bin/python3")
            if python is None or folder.is_symlink():
                continue
            if not everywhere and next(folder.rglob("*.pyc"), None) is not None:
                continue
            inside = f"/{folder.relative_to(root)}"
            # A module that does not compile (templates, tests of syntax errors) is no fault of the image.
            argv = ("-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "timestamp", inside)
            box.change_root(root, f"/usr/bin/{python.name}", *argv, ok=(0, 1))


def _clamp_times(root: Path, epoch: int) -> None:
    """No file is newer than the newest package: what was made just now gets that time."""
    for folder, folders, names in os.walk(root, topdown=False):
        for name in (*names, *folders):
            path = f"{folder}/{name}"
            if os.lstat(path).st_mtime > epoch:
                os.utime(path, (epoch, epoch), follow_symlinks=False)
    os.utime(root, (epoch, epoch))
