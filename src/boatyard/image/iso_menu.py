"""The boot menu of an ISO: the entries that install and that try, and the file by which a finished ISO is changed.

`/boot/grub/custom.cfg` is read when it is there; it may set `default`, `timeout` and `kargs`, kernel arguments for
every entry. Boatyard writes it into an ISO that is there already, so it is not among the digests that are signed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard_boot.grub import Entry, menu_entry, menu_head

if TYPE_CHECKING:
    from collections.abc import Sequence

MENU, CUSTOM = "boot/grub/grub.cfg", "boot/grub/custom.cfg"
INSTALL, LIVE = "install", "live"
# How the entry that only tries is recognised and chosen; the other one is the default.
LIVE_WORDS, LIVE_KEY = "without installing", "t"
# A first boot would apply the presets, as the making of the root has done, and ask for what an installation asks.
INSTALL_ARGUMENTS = ("boatyard.install", "systemd.unit=boatyard-install.target", "systemd.condition_first_boot=no")
MAX_TIMEOUT_S = 600
CUSTOMIZED = """\
set default={default}
set kargs=
if [ -f "${{prefix}}/custom.cfg" ]; then
    source "${{prefix}}/custom.cfg"
fi
"""
ENTRY = re.compile(r"^menuentry '([^']*)' --id '([a-z0-9-]+)'", re.MULTILINE)
SETTING = re.compile(r"^set (default|timeout|kargs)=\"?([^\"\n]*)\"?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Custom:
    """What custom.cfg sets; None leaves the menu as it is. `timeout_s`: seconds, 0 for no menu at all."""

    default: str | None = None
    timeout_s: int | None = None
    kernel_arguments: tuple[str, ...] = ()

    def text(self) -> str:
        """The file."""
        lines = ["# Written by `boatyard iso customize`."]
        lines += [f"set default={self.default}"] if self.default is not None else []
        lines += [f"set timeout={self.timeout_s}"] if self.timeout_s is not None else []
        lines += [f'set kargs="{" ".join(self.kernel_arguments)}"'] if self.kernel_arguments else []
        return "\n".join([*lines, ""])

    @classmethod
    def read(cls, text: str) -> Custom:
        """What a file sets, in words of no more than what `text` writes."""
        found = dict(SETTING.findall(text))
        timeout = found.get("timeout", "")
        return cls(
            default=found.get("default"),
            timeout_s=int(timeout) if re.fullmatch("[0-9]{1,3}", timeout) else None,
            kernel_arguments=tuple(found.get("kargs", "").split()),
        )


def menu(title: str, label: str, arguments: Sequence[str], *, timeout_s: int, installer: bool) -> str:
    """grub.cfg of an ISO; `installer`: whether its live system can install."""

    def entry(name: str, shown: str, *more: str, hotkey: str = "") -> str:
        words = (f"live={label}", *more, *arguments)
        return menu_entry(
            Entry(
                title=shown,
                id=name,
                kernel="/boot/vmlinuz",
                initrd="/boot/initrd.img",
                arguments=words,
                hotkey=hotkey,
                variable="kargs",
            )
        )

    head = menu_head(timeout_s) + CUSTOMIZED.format(default=INSTALL if installer else LIVE)
    if not installer:
        return head + entry(LIVE, f"{title} (live)", hotkey=LIVE_KEY)
    return (
        head
        + entry(INSTALL, f"Install {title}", *INSTALL_ARGUMENTS, hotkey="i")
        + entry(LIVE, f"Try {title} {LIVE_WORDS}", hotkey=LIVE_KEY)
    )


def entries(text: str) -> dict[str, str]:
    """The entries of a grub.cfg: identifiers to titles, in the order of the menu."""
    return {name: title for title, name in ENTRY.findall(text)}
