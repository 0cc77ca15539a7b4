"""Which LUKS containers the initrd opens: /etc/crypttab (crypttab(5)) and the kernel command line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# systemd's word, and Debian's.
IN_INITRD = {"x-initrd.attach", "initramfs"}
NAMED = re.compile(r"(?:rd\.)?luks(?:\.uuid)?=(?:luks-)?([0-9A-Fa-f-]{36})|rd\.luks\.name=([0-9A-Fa-f-]{36})=\S+")


def opened_in_initrd(root: Path, cmdline: str) -> bool:
    """Whether one of a root's containers is to be open before the root is mounted.

    So says its option `x-initrd.attach` (or `initramfs`), or the kernel command line names it.
    """
    file = root / "etc/crypttab"
    named = {(one or other).lower() for one, other in NAMED.findall(cmdline)}
    for line in file.read_text("utf-8", "replace").splitlines() if file.is_file() else ():
        words = line.split()
        if len(words) < 2 or words[0].startswith("#"):
            continue
        options = set(words[3].split(",")) if len(words) > 3 else set()
        if options & IN_INITRD or words[1].removeprefix("UUID=").lower() in named:
            return True
    return False
