"""Programs run with a clean environment, their output is kept, and nothing is left running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boatyard.base.error import ToolError
from boatyard.ports.run import Command, find_program

if TYPE_CHECKING:
    from boatyard.ports.run import HostRunner

pytestmark = pytest.mark.tool


def sh(script: str, **options: object) -> Command:
    return Command(argv=("sh", "-c", script), **options)  # type: ignore[arg-type]


def test_output_and_errors_are_kept_apart(run: HostRunner) -> None:
    result = run(sh("echo out; echo err >&2"))
    assert (result.code, result.text, result.stderr) == (0, "out\n", b"err\n")


def test_input_is_given(run: HostRunner) -> None:
    assert run(Command(argv=("cat",), input=b"a\0b" * 100_000)).stdout == b"a\0b" * 100_000


def test_without_input_there_is_none(run: HostRunner) -> None:
    assert run(Command(argv=("cat",))).stdout == b""


def test_the_environment_is_clean(run: HostRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "1")
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    lines = run(Command(argv=("env",), env={"ADDED": "yes"})).text.splitlines()
    assert "ADDED=yes" in lines
    assert "LANG=C.UTF-8" in lines
    assert "TZ=UTC" in lines
    assert not [line for line in lines if line.startswith("SECRET")]


def test_the_folder(run: HostRunner, tmp_path: Path) -> None:
    assert run(Command(argv=("pwd",), cwd=tmp_path)).text == f"{tmp_path}\n"


def test_an_argument_is_never_a_command(run: HostRunner) -> None:
    assert run(Command(argv=("echo", "$(id); `id` && x", "a b"))).text == "$(id); `id` && x a b\n"


def test_a_log_holds_the_command_and_its_output(run: HostRunner, tmp_path: Path) -> None:
    log = tmp_path / "new/log"
    run(sh("echo one; echo two >&2; echo three", log=log))
    run(sh("exit 3", log=log, ok=(3,)))
    text = log.read_text()
    assert (
        text == "$ sh -c 'echo one; echo two >&2; echo three'\none\ntwo\nthree\n[exit 0]\n$ sh -c 'exit 3'\n[exit 3]\n"
    )


def test_a_failure_tells_the_end_of_the_output(run: HostRunner) -> None:
    with pytest.raises(ToolError, match="sh failed with exit code 7") as error:
        run(sh("seq 100 >&2; exit 7"))
    detail = error.value.problems[0].detail.split()
    assert detail == [str(number) for number in range(81, 101)]
    assert "sh -c 'seq 100 >&2; exit 7'" in error.value.hint


def test_a_failure_with_a_log_names_it(run: HostRunner, tmp_path: Path) -> None:
    with pytest.raises(ToolError) as error:
        run(sh("echo why; exit 1", log=tmp_path / "log"))
    assert error.value.problems[0].detail == "why"
    assert str(tmp_path / "log") in error.value.hint


def test_a_signal_is_told(run: HostRunner) -> None:
    with pytest.raises(ToolError, match="sh was ended by signal 9"):
        run(sh("kill -9 $$"))


def test_a_full_disk_is_told(run: HostRunner) -> None:
    with pytest.raises(ToolError, match="no space left"):
        run(Command(argv=("dd", "if=/dev/zero", "of=/dev/full", "count=1")))
    with pytest.raises(ToolError, match="no space left"):
        run(sh("echo '  installing package gawk-5 needs 159MB more space on the / filesystem' >&2; exit 1"))


def test_a_missing_program_names_its_package(run: HostRunner) -> None:
    with pytest.raises(ToolError, match="no-such-program is not installed"):
        run(Command(argv=("no-such-program",)))
    assert find_program("sh").endswith("/sh")


def test_time_is_limited_and_children_end_too(run: HostRunner, tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="did not end within 1 s"):
        run(sh(f"sleep 1000 & echo $! > {tmp_path}/pid; wait", timeout_s=1))
    wait_until_gone(int((tmp_path / "pid").read_text()))


def test_leaving_the_block_ends_the_program_and_its_children(run: HostRunner, tmp_path: Path) -> None:
    with run.start(sh("sleep 1000 & echo $!; wait")) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
    assert process.returncode == -signal.SIGKILL
    wait_until_gone(child)


def test_closing_the_runner_ends_what_runs_and_starts_no_more(run: HostRunner) -> None:
    started = threading.Event()
    ended = []

    def work() -> None:
        with run.start(sh("echo; sleep 1000")) as process:
            assert process.stdout is not None
            process.stdout.readline()
            started.set()
            ended.append(process.wait())

    thread = threading.Thread(target=work)
    thread.start()
    assert started.wait(60)
    run.close()
    thread.join(60)
    assert ended == [-signal.SIGKILL]
    with pytest.raises(KeyboardInterrupt):
        run(sh("true"))


PARENT = """
from boatyard.ports.run import Command, HostRunner
with HostRunner().start(Command(argv=("sleep", "1000"))) as process:
    print(process.pid, flush=True)
    process.wait()
"""


def test_a_killed_parent_takes_its_programs_along() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        while b"sleep" not in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")[0]:
            time.sleep(0.01)  # setpriv has not become the program yet
        parent.kill()
    wait_until_gone(child)


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 60
    while is_running(pid):
        assert time.monotonic() < deadline, f"{pid} still runs"
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
