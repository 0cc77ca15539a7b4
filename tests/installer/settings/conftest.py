"""A root as an image has it, small."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n",
    "etc/shadow": "root:*:20454:0:99999:7:::\ndaemon:*:20454:0:99999:7:::\n",
    "etc/group": "root:x:0:\nwheel:x:10:\nusers:x:100:bob\ntaken:x:1000:\n",
    "etc/gshadow": "root:*::\nwheel:*::\nusers:*::bob\ntaken:!::\n",
    "etc/sudoers": "@includedir /etc/sudoers.d\n",
    "etc/skel/.profile": "umask 027\n",
    "etc/ssh/ssh_host_rsa_key": "secret",
    "etc/machine-id": "0123456789abcdef0123456789abcdef\n",
    "usr/share/zoneinfo/Europe/Berlin": "TZif2",
    "usr/share/zoneinfo/leapseconds": "# no zone",
    "usr/lib/systemd/system/sshd.service": "[Service]\n",
    "usr/lib/systemd/system/getty@.service": "[Service]\n",
    "usr/bin/bash": "#!",
    "usr/bin/cloud-init": "#!",
    "var/lib/systemd/random-seed": "seed",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The root; the files that it must not touch are beside it."""
    place = tmp_path / "root"
    for name, text in FILES.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text)
    (place / "etc/shadow").chmod(0o640)
    (place / "usr/bin/bash").chmod(0o755)
    (place / "bin").symlink_to("usr/bin")
    (place / "root").mkdir(mode=0o700)
    (place / "home").mkdir()
    (place / "usr/lib/locale/de_DE.utf8").mkdir(parents=True)
    (place / "usr/share/keymaps/i386").mkdir(parents=True)
    (place / "usr/share/keymaps/i386/de.kmap.gz").write_bytes(gzip.compress(b"keymaps 0-2"))
    return place
