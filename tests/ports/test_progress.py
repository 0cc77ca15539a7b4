"""Steps as events, and how each sink writes them."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING

import pytest

from boatyard.graph.local import run_all
from boatyard.ports.progress import JsonSink, PlainSink, Reporter, TerminalSink, console, silent

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.base.event import Event


def tell(reporter: Reporter) -> None:
    with reporter.step("build"):
        with reporter.step("bash"):
            reporter.progress(1, 2, "compiling")
            reporter.note("a note")
        reporter.warn("mind this")


def test_events_carry_their_place() -> None:
    events: list[Event] = []
    tell(Reporter(events.append))
    assert [(event.kind, event.path) for event in events] == [
        ("start", ("build",)),
        ("start", ("build", "bash")),
        ("progress", ("build", "bash")),
        ("note", ("build", "bash", "")),
        ("end", ("build", "bash")),
        ("warning", ("build", "")),
        ("end", ("build",)),
    ]
    assert (events[2].done, events[2].total, events[2].text) == (1, 2, "compiling")
    assert all(event.ok for event in events)


def test_a_failed_step_says_so_and_its_place_is_left() -> None:
    events: list[Event] = []
    reporter = Reporter(events.append)
    with pytest.raises(ZeroDivisionError), reporter.step("a"), reporter.step("b"):
        raise ZeroDivisionError
    reporter.note("after")
    assert [event.ok for event in events] == [True, True, False, False, True]
    assert events[-1].path == ("",)


def test_a_step_may_fail_without_an_error() -> None:
    seen: list[Event] = []
    reporter = Reporter(seen.append)
    with reporter.step("a"), reporter.step("b") as step:
        step.failed()
    assert [(event.path, event.ok) for event in seen if event.kind == "end"] == [(("a", "b"), False), (("a",), True)]


def test_threads_keep_the_place_they_were_started_from() -> None:
    events: list[Event] = []
    reporter = Reporter(events.append)

    def work(number: int) -> int:
        with reporter.step(str(number)):
            return number * 2

    with reporter.step("all"):
        assert run_all(work, range(20), workers=4) == [number * 2 for number in range(20)]
    inner = [event.path for event in events if event.kind == "end"][:-1]
    assert sorted(inner) == sorted(("all", str(number)) for number in range(20))


def test_plain_lines() -> None:
    stream = io.StringIO()
    tell(Reporter(PlainSink(stream)))
    lines = re.sub(r"[0-9]+\.[0-9] s", "T", stream.getvalue()).splitlines()
    assert lines == ["● build", "  ✓ bash  T", "  warning: mind this", "✓ build  T"]


def test_a_terminal_has_one_live_line() -> None:
    stream = io.StringIO()
    tell(Reporter(TerminalSink(stream, width=20)))
    text = stream.getvalue()
    assert "build › bash 1/2  co" in text
    assert "build › bash 1/2  com" not in text, "cut to the width"
    assert text.rstrip("\n").rsplit("\r\x1b[K", 1)[-1].startswith("✓ build")


def test_json_lines(tmp_path: Path) -> None:
    sink = JsonSink(tmp_path / "new/log.jsonl")
    tell(Reporter(sink))
    sink.close()
    events = [json.loads(line) for line in (tmp_path / "new/log.jsonl").read_text().splitlines()]
    assert [event["kind"] for event in events] == ["start", "start", "progress", "note", "end", "warning", "end"]
    assert events[2]["path"] == ["build", "bash"]
    assert events[0]["time"] > 1.7e9


def test_the_sink_fits_the_stream() -> None:
    assert isinstance(console(io.StringIO()), PlainSink)


def test_nobody_listens() -> None:
    tell(silent())
