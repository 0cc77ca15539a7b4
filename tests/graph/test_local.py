"""The coordinator with real processes on this machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.graph.process import children_named, wait_for
from tests.graph.toy import ToyWork, contents, find_record, started

from boatyard.base.error import BuildError
from boatyard.graph.coordinator import run_graph
from boatyard.graph.engine.local import LocalExecutor
from boatyard.graph.journal import Journal, read_lines
from boatyard.ports.progress import silent

if TYPE_CHECKING:
    from boatyard.graph.work import Outcome, TaskContext

ROOT = Path(__file__).parents[2]
CHAIN = {
    "app": frozenset({"lib", "tool"}),
    "lib": frozenset({"base"}),
    "base": frozenset[str](),
    "tool": frozenset[str](),
}


def run(work: ToyWork, folder: Path, *, jobs: int = 2) -> Outcome:
    with Journal(folder / "journal.jsonl") as journal, LocalExecutor(folder / "tasks", jobs=jobs) as executor:
        return run_graph(work.needs, work, executor, journal, seconds={}, reporter=silent())


def test_a_graph_is_built_once_and_reused_then(tmp_path: Path) -> None:
    work = ToyWork(tmp_path / "store", CHAIN)
    first = run(work, tmp_path)
    assert set(first.results) == set(CHAIN)
    assert not first.reused
    again = run(work, tmp_path)
    assert again.results == first.results
    assert again.reused == set(CHAIN)
    assert sorted(started(work.store)) == sorted(CHAIN)
    assert not list((tmp_path / "tasks").glob(".tmp-*"))


def test_errors_come_back_whole_and_others_go_on(tmp_path: Path) -> None:
    behaviour = {"lib": {"fail": "lib does not compile"}, "tool": {"raise": "a bug"}}
    outcome = run(ToyWork(tmp_path / "store", CHAIN, behaviour), tmp_path)
    assert str(outcome.failed["lib"]) == "error: lib does not compile\n  | line 1\n  | line 2\n  hint: mend it"
    assert isinstance(outcome.failed["lib"], BuildError)
    assert "ZeroDivisionError: a bug" in str(outcome.failed["tool"])
    assert list(outcome.results) == ["base"]
    assert list(outcome.skipped) == ["app"]


def test_memory_that_was_not_enough_is_doubled(tmp_path: Path) -> None:
    work = ToyWork(tmp_path / "store", {"a": frozenset()}, {"a": {"memory": 150}}, memory={"a": 100})
    assert list(run(work, tmp_path).results) == ["a"]
    assert started(work.store) == ["a", "a"]


def test_with_one_slot_the_order_is_that_of_the_ranks(tmp_path: Path) -> None:
    needs = {f"p{number:02}": frozenset[str]() for number in range(12)}
    work = ToyWork(tmp_path / "store", needs)
    seconds = {name: float(name[1:]) for name in needs}
    with LocalExecutor(tmp_path / "tasks", jobs=1) as executor:
        run_graph(needs, work, executor, Journal(None), seconds=seconds, reporter=silent())
    assert started(work.store) == sorted(needs, reverse=True)


def test_an_architecture_this_machine_does_not_have(tmp_path: Path) -> None:
    work = ToyWork(tmp_path / "store", {"a": frozenset(), "b": frozenset()}, arch={"b": "s390x"})
    with LocalExecutor(tmp_path / "tasks") as executor:
        outcome = run_graph(work.needs, work, executor, Journal(None), seconds={}, reporter=silent(), worker_wait_s=0.1)
    assert list(outcome.results) == ["a"]
    assert "no worker for s390x" in str(outcome.failed["b"])


def wait_until_cancelled(payload: bytes, context: TaskContext) -> bytes:
    context.cancelled.wait(60)
    return b""


def test_closing_ends_tasks_without_programs_too(tmp_path: Path) -> None:
    before = threading.active_count()
    work = ToyWork(tmp_path / "store", {"a": frozenset()}, function="tests.graph.test_local:wait_until_cancelled")
    with LocalExecutor(tmp_path / "tasks") as executor:
        task = work.next("a", None, {})
        executor.submit(task, work.function, 1, frozenset())  # type: ignore[arg-type]
    assert threading.active_count() == before


PROGRAM = """
    import sys
    from pathlib import Path
    from boatyard.graph.coordinator import run_graph
    from boatyard.graph.engine.local import LocalExecutor
    from boatyard.graph.journal import Journal
    from boatyard.ports.progress import silent
    from tests.graph.toy import ToyWork

    folder, count, seconds = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    needs = {f"n{number:02}": frozenset() for number in range(count)}
    needs["end"] = frozenset(needs)
    work = ToyWork(Path(sys.argv[4]), needs, {name: {"sleep": seconds} for name in needs})
    with Journal(folder / "journal.jsonl") as journal, LocalExecutor(folder / "tasks", jobs=3) as executor:
        print(len(run_graph(needs, work, executor, journal, seconds={}, reporter=silent()).results))
"""


def start(folder: Path, count: int, seconds: str, store: Path | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent(PROGRAM),
            *(str(word) for word in (folder, count, seconds, store or folder / "store")),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_process_is_left_when_the_coordinator_ends(tmp_path: Path, number: signal.Signals) -> None:
    # A time to sleep that is nobody else's tells these processes from all others.
    seconds = f"20.{os.getpid()}{number.value}"
    with start(tmp_path, 3, seconds) as process:
        try:
            wait_for(lambda: len(children_named(seconds)) >= 6)  # a shell and its sleep for each task
            process.send_signal(number)
            process.wait(20)
        finally:
            process.kill()
    wait_for(lambda: not [line for line in children_named(seconds) if line.startswith("sh ")])
    if number == signal.SIGINT:
        assert children_named(seconds) == []
        assert [line.event for line in read_lines(tmp_path / "journal.jsonl")][-4:] == [*["cancelled"] * 3, "end"]


def test_a_killed_coordinator_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """What is repeated is what was running, at most."""
    count = 24
    finished = False
    for kills in range(30):
        with start(tmp_path, count, "0.1") as process:
            if kills < 5:
                before = len(started(tmp_path / "store"))
                wait_for(lambda: len(started(tmp_path / "store")) >= before + 5 or process.poll() is not None)  # noqa: B023
                process.kill()
            out, err = process.communicate(timeout=60)
        if process.returncode == 0:
            finished = out.strip() == str(count + 1)
            break
    assert finished, err
    assert set(started(tmp_path / "store")) == {*(f"n{number:02}" for number in range(count)), "end"}
    assert len(started(tmp_path / "store")) <= count + 1 + kills * 3


def test_two_coordinators_on_one_store(tmp_path: Path) -> None:
    """Both build all, at the same time; the store has each record once, and whole."""
    processes = [start(tmp_path / name, 30, "0", tmp_path / "store") for name in ("one", "two")]
    outs = [process.communicate(timeout=120) for process in processes]
    assert [out for out, _ in outs] == ["31\n", "31\n"], outs
    found = contents(tmp_path / "store")
    assert len([name for name in found if name.startswith("ac/")]) == 31
    for name, data in found.items():
        if name.startswith("ac/"):
            assert f"cas/{data.decode()}" in found
    alone = ToyWork(tmp_path / "other", {"n00": frozenset()})
    assert run(alone, tmp_path / "third").results["n00"] in found.values()


def test_a_record_is_found_by_its_key(tmp_path: Path) -> None:
    assert find_record(tmp_path, "nothing") is None


def test_killed_runs_leave_folders_that_the_next_one_removes(tmp_path: Path) -> None:
    with start(tmp_path, 3, "60") as process:
        wait_for(lambda: len(started(tmp_path / "store")) >= 3)
        process.kill()
    assert list((tmp_path / "tasks").glob(".tmp-*"))
    time.sleep(0.1)
    run(ToyWork(tmp_path / "store", {"a": frozenset()}), tmp_path)
    assert not list((tmp_path / "tasks").glob(".tmp-*"))
