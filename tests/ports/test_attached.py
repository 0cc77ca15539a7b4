"""Programs that take over the terminal: they read from it, and Boatyard has it again afterwards."""

from __future__ import annotations

import os
import pty
import sys
from typing import TYPE_CHECKING

import pytest

from boatyard.ports.run import Command

if TYPE_CHECKING:
    from boatyard.ports.run import HostRunner

pytestmark = pytest.mark.tool

PARENT = """
import sys
from boatyard.ports.run import Command, HostRunner
script = "test -t 0 && test -t 1 && read word && echo got-$word; exit 3"
code = HostRunner().attached(Command(argv=("sh", "-c", script)))
print("then", sys.stdin.readline().strip(), code)
"""


def test_it_reads_the_terminal_and_gives_it_back() -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-c", PARENT])
    os.write(terminal, b"first\nsecond\n")
    seen = b""
    while b"then" not in seen or not seen.endswith(b"\n"):
        try:
            seen += os.read(terminal, 4096)
        except OSError:  # the other end is closed
            break
    assert b"got-first" in seen
    assert b"then second 3" in seen
    assert os.waitpid(pid, 0)[1] == 0


def test_its_environment_is_clean(run: HostRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "word")
    assert (
        run.attached(Command(argv=("sh", "-c", 'test -z "$SECRET" && test "$TERM" = vt100'), env={"TERM": "vt100"}))
        == 0
    )
