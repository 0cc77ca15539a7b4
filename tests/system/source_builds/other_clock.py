"""Buildroots in which it is another day: every program that runs in them is given a clock that libfaketime shifts.

The kernel's clock cannot be shifted for one sandbox, and to shift the machine's would disturb all else on it.
The dates of files stay what they are: those that came out of an archive would be shifted too.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs

from boatyard.artifact.buildroot import Root
from boatyard.artifact.codec import find_sealed, save_sealed
from boatyard.build.buildroot import MADE, RECORD, content_of
from boatyard.ports.run import Command
from boatyard.ports.sandbox import BUILDER, Sandbox, inside

if TYPE_CHECKING:
    from boatyard.ports.run import HostRunner

PLACES = ("usr/lib/*/faketime", "usr/lib64/faketime", "usr/lib/faketime")
LIBRARY = "libfaketime.so.1"
# The library leaves the dates of files alone where this variable is set. Builds get none from outside; all have HOME.
LEAVE_FILES, ALWAYS_SET = b"\0NO_FAKE_STAT\0", b"\0HOME\0"


def shift_clocks(buildroots: Path, shift: str, run: HostRunner) -> list[int]:
    """Shifts the clock of every kept buildroot, and seals the root as it is then; the time in each, in seconds."""
    (library, *_) = (found for place in PLACES for found in Path("/").glob(f"{place}/{LIBRARY}"))
    code = library.read_bytes()
    assert code.count(LEAVE_FILES) == 1
    code = code.replace(LEAVE_FILES, ALWAYS_SET.ljust(len(LEAVE_FILES), b"\0"))
    times = []
    for record in buildroots.glob(f"*/{MADE}/{RECORD}"):
        root = find_sealed(Root, record)
        assert root is not None
        (root.dir / "usr/lib" / LIBRARY).write_bytes(code)
        (root.dir / "etc/faketimerc").write_text(f"{shift}\n", encoding="ascii")
        (root.dir / "etc/ld.so.preload").write_text(f"/usr/lib/{LIBRARY}\n", encoding="ascii")
        content, size = content_of(root.dir)
        save_sealed(structs.replace(root, content=content, size=size), record)
        sandbox = Sandbox(root=root.dir, user=BUILDER, contained=True)
        times.append(int(run(inside(sandbox, Command(argv=("date", "+%s")))).text))
    return times
