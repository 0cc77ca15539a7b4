"""Output that is followed: kept for its owner only, told line by line, ended by a mark, the program, or the time."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from boatyard.ports.follow import CUT, LONGEST_LINE, LONGEST_LOG, Followed, follow
from boatyard.ports.run import Command

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.ports.run import HostRunner

pytestmark = pytest.mark.tool


def followed(run: HostRunner, log: Path, script: str, *, timeout_s: float = 60, mark: str = "") -> Followed:
    lines: list[str] = []
    with run.start(Command(argv=("sh", "-c", script), log=log)) as process:
        ended = follow(process, log, timeout_s, mark=mark, told=lines.append)
    assert "\n".join(lines[-5:]) in ended.tail
    return ended


def test_both_streams_are_kept_and_the_exit_code_told(run: HostRunner, tmp_path: Path) -> None:
    log = tmp_path / "log"
    ended = followed(run, log, "echo one; echo two >&2; printf three; exit 3")
    assert ended == Followed(code=3, mark=None, tail="one\ntwo\nthree")
    assert log.read_text() == "one\ntwo\nthree\n"
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_a_mark_ends_it_though_something_holds_the_output_open(run: HostRunner, tmp_path: Path) -> None:
    ended = followed(run, tmp_path / "log", "echo hello; sleep 600 & printf '\\nTHE-MARK 7\\n'; wait", mark="THE-MARK ")
    assert (ended.mark, ended.code) == ("7", None)
    assert (tmp_path / "log").read_text() == "hello\n\n"


def test_time_ends_it(run: HostRunner, tmp_path: Path) -> None:
    ended = followed(run, tmp_path / "log", "echo begun; printf half; sleep 600", timeout_s=2)
    assert (ended.timed_out, ended.code, ended.tail) == (True, None, "begun\nhalf")
    assert (tmp_path / "log").read_text() == "begun\nhalf"


def test_a_line_without_an_end_is_bounded(run: HostRunner, tmp_path: Path) -> None:
    ended = followed(run, tmp_path / "log", "head -c 3000000 /dev/zero | tr '\\0' x")
    assert ended.code == 0
    assert max(map(len, ended.tail.splitlines())) == LONGEST_LINE


@pytest.mark.parametrize(
    "output", [f"head -c {LONGEST_LOG + 3_000_000} /dev/zero | tr '\\0' x", "seq 100000000 109000000"]
)
def test_the_log_ends_where_it_is_long_enough(run: HostRunner, tmp_path: Path, output: str) -> None:
    log = tmp_path / "log"
    ended = followed(run, log, f"{output}; echo; echo last", timeout_s=600)
    assert ended.tail.endswith("\nlast")
    assert LONGEST_LOG - (1 << 20) < log.stat().st_size <= LONGEST_LOG + len(CUT)
    with log.open("rb") as stream:
        stream.seek(-len(CUT), 2)
        assert stream.read() == CUT
