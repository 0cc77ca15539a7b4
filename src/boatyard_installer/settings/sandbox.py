"""Foreign code in the new root: namespaces of its own, few rights, no devices (jail.py does it from inside)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from boatyard_installer.run import Run

JAIL = Path(__file__).with_name("jail.py")
ENVIRONMENT = {"HOME": "/root", "LANG": "C.UTF-8"}
NAMESPACES = ("--mount", "--pid", "--fork", "--kill-child", "--ipc", "--uts")


def run_jailed(root: Path, content: bytes, interpreter: str, timeout_s: float, run: Run) -> str:
    """Runs a script inside the root, without network; its output. StepError when it fails or takes too long."""
    argv = ("unshare", *NAMESPACES, "--net", sys.executable, "-I", str(JAIL), "script", str(root), interpreter)
    return run(*argv, secret=content, env=ENVIRONMENT, timeout_s=timeout_s)


def run_beside(root: Path, argv: tuple[str, ...], run: Run, *, home: Path, network: bool) -> str:
    """Runs a program of the live system that works on the root and may change into it, as dnf does."""
    outside = () if network else ("--net",)
    jail = (sys.executable, "-I", str(JAIL), "program", str(root))
    return run("unshare", *NAMESPACES, *outside, *jail, *argv, env={"HOME": str(home)})
