"""What tells a system from others: name, language, zone; and that nothing of it is shared with another machine."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from boatyard_boot.tree import resolve
from boatyard_installer.settings.files import place, put_file, put_link, told

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard_installer.answers import System

ZONES = "usr/share/zoneinfo"
LOCALES = "usr/lib/locale"
KEYMAPS = ("usr/share/keymaps", "usr/share/kbd/keymaps", "usr/lib/kbd/keymaps")
BUILT_IN = ("C", "POSIX", "C.utf8")  # in glibc itself
KERNEL_KEYMAP = "us"  # the kernel's own, which vconsole.conf(5) calls @kernel


def write_identity(root: Path, system: System) -> None:
    """hostname(5), locale.conf(5), vconsole.conf(5) and localtime(5); what is not said stays as the image has it."""
    if system.hostname:
        put_file(root, "etc/hostname", f"{system.hostname}\n")
    if system.locale:
        put_file(root, "etc/locale.conf", f"LANG={system.locale}\n")
    if system.keymap:
        keymap = system.keymap if has_keymap(root, system.keymap, built_in=False) else "@kernel"
        put_file(root, "etc/vconsole.conf", f"KEYMAP={keymap}\n")
    if system.timezone:
        put_link(root, "etc/localtime", f"../{ZONES}/{system.timezone}")


def renew_identity(root: Path) -> None:
    """Nothing that tells machines apart is the image's: a new machine-id(5); the rest is made at the first start.

    With an id of its own the first start is not the first boot of an image, at which systemd would enable again what
    the presets say and the answers have disabled.
    """
    put_file(root, "etc/machine-id", f"{uuid.uuid4().hex}\n", 0o444)
    with told("etc/ssh"):
        for path in resolve(root, "etc/ssh").glob("ssh_host_*"):
            path.unlink()
        for name in ("var/lib/systemd/random-seed", "var/lib/dbus/machine-id"):
            if (path := place(root, name)).is_file() and not path.is_symlink():
                path.unlink()


def has_zone(root: Path, zone: str) -> bool:
    """Whether the root has a time zone (tzfile(5))."""
    path = resolve(root, f"{ZONES}/{zone}")
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(4) == b"TZif"


def has_locale(root: Path, locale: str) -> bool:
    """Whether the root has a locale, in a folder or in glibc's archive; UTF-8, utf8 and utf-8 are the same."""
    language, dot, rest = locale.partition(".")
    charset, at, variant = rest.partition("@")
    name = f"{language}{dot}{charset.lower().replace('-', '')}{at}{variant}"
    if name in BUILT_IN or resolve(root, f"{LOCALES}/{name}").is_dir():
        return True
    archive = resolve(root, f"{LOCALES}/locale-archive")
    return archive.is_file() and b"\0" + name.encode() + b"\0" in archive.read_bytes()


def has_keymap(root: Path, keymap: str, *, built_in: bool = True) -> bool:
    """Whether the root has a keymap of the console; the kernel always has `us`."""
    if built_in and keymap == KERNEL_KEYMAP:
        return True
    names = {f"{keymap}.{kind}{packed}" for kind in ("map", "kmap") for packed in ("", ".gz")}
    return any(path.name in names for folder in KEYMAPS for path in resolve(root, folder).rglob(f"{keymap}.*"))
