"""A mount namespace of a test's own: full disks, read-only folders and missing programs that nobody else sees."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


class Mounts:
    """`enter`: words before a command that is to run in it; `view`: its root as seen from outside."""

    def __init__(self, pid: int) -> None:
        self.enter = ("nsenter", "--target", str(pid), "--mount", "--")
        self.view = Path(f"/proc/{pid}/root")

    def __call__(self, *words: str) -> None:
        """Runs `mount` with some words."""
        subprocess.run([*self.enter, "mount", *words], check=True)

    def undo(self, folder: Path) -> None:
        """Unmounts what was mounted last."""
        subprocess.run([*self.enter, "umount", str(folder)], check=True)

    def hide(self, *programs: str) -> None:
        """Makes programs of the host as good as not installed."""
        for program in programs:
            for folder in ("/usr/bin", "/usr/sbin"):
                if Path(folder, program).exists():
                    self("--bind", "/dev/null", f"{folder}/{program}")


@contextmanager
def mount_namespace() -> Iterator[Mounts]:
    """A namespace that lives as long as the block; the test is skipped where none can be made."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to mount in a namespace of its own")
    ready = ["unshare", "--mount", "--propagation", "private", "sh", "-c", "echo; exec cat"]
    with subprocess.Popen(ready, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        if not holder.stdout.readline():
            pytest.skip("this machine allows no mount namespace")
        yield Mounts(holder.pid)
        holder.stdin.close()
