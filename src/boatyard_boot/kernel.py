"""The kernels that a disk boots: their files in /boot, an entry for each, and the boot menu made from the entries.

    /boot/vmlinuz-<kernel>, /boot/initrd-<kernel>.img
    /boot/loader/entries/<token>-<kernel>.conf     what there is (Boot Loader Specification)
    /boot/grub/entries.cfg                         GRUB's menu of it, newest first: GRUB 2.12 reads no such entries
    /boot/grub/grubenv                             `saved_entry`, the default: the newest

Every file is replaced at once. A kernel gets its files before its entry, and loses its entry before its files, so that
a power cut at any moment leaves the old menu or the new one, and a kernel in it can be booted.
"""

from __future__ import annotations

import errno
import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from boatyard_boot import bls, grub, os_release
from boatyard_boot.bls import BootEntry
from boatyard_boot.crypttab import opened_in_initrd
from boatyard_boot.durable import locked, make_folder, remove_file, replace_file
from boatyard_boot.error import BootError
from boatyard_boot.initrd import make_initrd
from boatyard_boot.module import version_order
from boatyard_boot.run import pack_zstd, unpack_zstd
from boatyard_boot.tree import need_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

CMDLINE = "etc/kernel/cmdline"  # kernel-install(8)
TOKEN = "etc/kernel/entry-token"  # noqa: S105 the same: what the names of entries begin with
# One name on a line: modules that the image or the installer asked for, and every later initrd shall have.
INITRD_MODULES = "etc/kernel/initrd-modules"
MENU, ENVIRONMENT = "grub/entries.cfg", "grub/grubenv"
RELEASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+~-]{0,127}")
MACHINE_ID = re.compile(r"[0-9a-f]{32}")


def make_entry(
    kernel: str, *, title: str, sort_key: str, folder: str, options: Iterable[str], machine_id: str = ""
) -> BootEntry:
    """The entry of a kernel. `folder`: where /boot is on its file system, empty or `/boot`."""
    return BootEntry(
        title=title,
        version=kernel,
        linux=f"{folder}/vmlinuz-{kernel}",
        initrd=(f"{folder}/initrd-{kernel}.img",),
        options=" ".join(options),
        sort_key=sort_key,
        machine_id=machine_id,
    )


def menu(entries: Iterable[BootEntry]) -> str:
    """GRUB's menu of the entries, newest first."""
    newest_first = sorted(entries, key=lambda entry: version_order(entry.version), reverse=True)
    return "".join(
        grub.menu_entry(
            grub.Entry(
                title=f"{entry.title} ({entry.version})",
                id=entry.version,
                kernel=entry.linux,
                initrd=" ".join(entry.initrd),
                arguments=tuple(entry.options.split()),
            )
        )
        for entry in newest_first
    )


def read_entries(root: Path) -> dict[Path, BootEntry]:
    """The entries of a root by their files, newest first."""
    found = {}
    for file in sorted((root / "boot" / bls.FOLDER).glob("*.conf")):
        entry = bls.parse(file.read_text("utf-8", "replace"))
        if entry is not None and entry.version:
            found[file] = entry
    return dict(sorted(found.items(), key=lambda item: version_order(item[1].version), reverse=True))


def default_kernel(root: Path) -> str:
    """The kernel that is started unless somebody chooses another; empty when there is none."""
    file = root / "boot" / ENVIRONMENT
    return grub.read_env(file.read_bytes()).get("saved_entry", "") if file.is_file() else ""


def is_set_up(root: Path) -> bool:
    """Whether a root boots from a disk: it has the arguments of its kernels. A root that becomes an image has not."""
    return (root / CMDLINE).is_file()


def add_kernel(root: Path, kernel: str, image: Path | None = None, *, initrd: bytes | None = None) -> None:
    """Makes a kernel of a root bootable and the newest of all the default; done again, it is brought up to date.

    `image`: the kernel itself, else the one its package brings; `initrd`: its packed initrd, else one is made.
    BootError when something it needs is missing.
    """
    _check(root, kernel)
    source = image or need_file(
        root, f"usr/lib/modules/{kernel}/vmlinuz", f"boot/vmlinuz-{kernel}", hint="install the kernel's package"
    )
    boot = root / "boot"
    make_folder(boot / bls.FOLDER)
    options = _words(root / CMDLINE)
    machine_id = _machine_id(root)
    packed = initrd if initrd is not None else _packed_initrd(root, kernel, int(source.stat().st_mtime), options)
    entry = make_entry(
        kernel,
        title=os_release.title(root),
        sort_key=os_release.identifier(root),
        folder="" if os.path.ismount(boot) else "/boot",
        options=options,
        machine_id=machine_id,
    )
    with locked(boot / bls.FOLDER), _told(boot):
        known = [file for file, other in read_entries(root).items() if other.version == kernel]
        _write_files(boot, kernel, source.read_bytes(), packed, fresh=not known)
        name = f"{_token(root, machine_id)}-{kernel}.conf"
        replace_file(known[0] if known else boot / bls.FOLDER / name, bls.render(entry).encode())
        _update_menu(root, newest=True)


def _packed_initrd(root: Path, kernel: str, epoch: int, options: tuple[str, ...]) -> bytes:
    modules, crypt = _words(root / INITRD_MODULES), opened_in_initrd(root, " ".join(options))
    return pack_zstd(make_initrd(root, kernel, epoch=epoch, unpack=unpack_zstd, modules=modules, crypt=crypt))


def remove_kernel(root: Path, kernel: str) -> bool:
    """Takes a kernel out of the menu and its files out of /boot; tells whether it was there.

    If it was the default, the newest that is left becomes it.
    """
    _check(root, kernel)
    boot = root / "boot"
    make_folder(boot / bls.FOLDER)
    with locked(boot / bls.FOLDER), _told(boot):
        files = [file for file, entry in read_entries(root).items() if entry.version == kernel]
        for file in files:
            remove_file(file)
        _update_menu(root, newest=False)
        remove_file(boot / f"vmlinuz-{kernel}")
        remove_file(boot / f"initrd-{kernel}.img")
    return bool(files)


def _check(root: Path, kernel: str) -> None:
    if not RELEASE.fullmatch(kernel):
        raise BootError(f"{kernel!r} is not the release of a kernel", hint="it is what `uname -r` says, as in 6.12.9")
    if _has_own_boot(root) and not os.path.ismount(root / "boot"):
        raise BootError("/boot is a file system of its own and is not mounted", hint="run `mount /boot` and try again")


def _has_own_boot(root: Path) -> bool:
    fstab = root / "etc/fstab"
    lines = fstab.read_text("utf-8", "replace").splitlines() if fstab.is_file() else []
    return any(line.split()[1:2] == ["/boot"] for line in lines if not line.lstrip().startswith("#"))


@contextmanager
def _told(boot: Path) -> Iterator[None]:
    """What the system refuses while /boot is written, in words."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            hint = "remove a kernel that is not needed any more; `python3 -m boatyard_boot list` shows them"
            raise BootError(f"no space left in {boot}", hint=hint) from error
        raise BootError(f"cannot write {error.filename or boot}: {error.strerror}") from error


def _write_files(boot: Path, kernel: str, image: bytes, initrd: bytes, *, fresh: bool) -> None:
    """Writes what an entry needs. `fresh`: there is no entry yet, so half of it is no use."""
    files = {boot / f"vmlinuz-{kernel}": image, boot / f"initrd-{kernel}.img": initrd}
    try:
        for path, data in files.items():
            replace_file(path, data)
    except OSError:
        if fresh:
            for path in files:
                remove_file(path)
        raise


def _update_menu(root: Path, *, newest: bool) -> None:
    """Writes the menu of the entries. `newest`: it becomes the default, else only if the default is gone."""
    boot = root / "boot"
    entries = list(read_entries(root).values())
    replace_file(boot / MENU, menu(entries).encode())
    known = [entry.version for entry in entries]
    if known and (newest or default_kernel(root) not in known):
        old = boot / ENVIRONMENT
        values = grub.read_env(old.read_bytes()) if old.is_file() else {}
        replace_file(old, grub.write_env(values | {"saved_entry": known[0]}))


def _words(file: Path) -> tuple[str, ...]:
    """The words of a file without its comments."""
    text = file.read_text("utf-8", "replace") if file.is_file() else ""
    return tuple(word for line in text.splitlines() if not line.lstrip().startswith("#") for word in line.split())


def _machine_id(root: Path) -> str:
    """The machine's identity, empty as long as it has none (machine-id(5))."""
    file = root / "etc/machine-id"
    text = file.read_text("ascii", "replace").strip() if file.is_file() else ""
    return text if MACHINE_ID.fullmatch(text) else ""


def _token(root: Path, machine_id: str) -> str:
    """What the names of new entries begin with, as kernel-install(8) chooses it."""
    chosen = _words(root / TOKEN)
    if chosen and RELEASE.fullmatch(chosen[0]):
        return chosen[0]
    return machine_id or os_release.identifier(root)
