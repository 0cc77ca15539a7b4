"""What people, programs and the log are told."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.installer.made_up import plan

from boatyard_installer.error import MachineError, StepError
from boatyard_installer.log import Log
from boatyard_installer.progress import Progress
from boatyard_installer.step import Step
from boatyard_installer.terminal import Console, Port, console_names, open_port, second_serial

if TYPE_CHECKING:
    from collections.abc import Iterator

ONE, TWO = Step(name="one", text="do one", weight=1), Step(name="two", text="do two", weight=3)


class Watched:
    """Progress with a console that is a file, one that is a terminal, and a program."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.master, terminal = os.openpty()
        self.log_path = folder / "run/install.log"
        file, program = (os.open(folder / name, os.O_WRONLY | os.O_CREAT, 0o600) for name in ("console", "program"))
        self.open = [self.master, terminal, file, program]
        consoles = [Console(Port(file, "file")), Console(Port(terminal, "terminal"))]
        self.progress = Progress(Log(self.log_path), consoles, [Port(program, "program")])

    def console(self) -> list[str]:
        return (self._folder / "console").read_bytes().decode().split("\r\n")[:-1]

    def terminal(self) -> str:
        """What a terminal got, up to the last line."""
        shown = b""
        while b"BOATYARD-INSTALL: " not in shown or not shown.endswith(b"\n"):
            shown += os.read(self.master, 1 << 16)
        return shown.decode()

    def events(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in (self._folder / "program").read_text().splitlines()]

    def log(self) -> str:
        return self.log_path.read_text()


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    made = Watched(tmp_path)
    yield made
    for fd in made.open:
        os.close(fd)


def test_an_installation_that_succeeds(watched: Watched) -> None:
    progress = watched.progress
    progress.step(ONE, 1, 2)
    progress.say("hello")
    progress.step(TWO, 2, 2)
    progress.succeeded()
    assert watched.console() == [
        "[....................]   0 %  do one",
        "hello",
        "[##########..........]  50 %  do two",
        "[####################] 100 %  do two",
        "BOATYARD-INSTALL: OK",
    ]
    assert watched.events() == [
        {"event": "step", "name": "one", "number": 1, "of": 2, "percent": 0},
        {"event": "say", "text": "hello"},
        {"event": "step", "name": "two", "number": 2, "of": 2, "percent": 50},
        {"event": "step", "name": "two", "number": 2, "of": 2, "percent": 100},
        {"event": "result", "ok": True, "code": 0, "reason": ""},
    ]
    assert watched.log().splitlines()[-1] == "BOATYARD-INSTALL: OK"


def test_a_terminal_has_one_line_that_is_redrawn_and_a_verdict_of_its_own(watched: Watched) -> None:
    watched.progress.step(ONE, 1, 1)
    watched.progress.succeeded()
    shown = watched.terminal().replace("\r\r\n", "\r\n")
    assert shown.count("\r\x1b[K[") == 2
    assert shown.split("\r\n")[-2:] == ["BOATYARD-INSTALL: OK", ""]
    assert "\n" not in shown.split("100 %")[0]


def test_a_failure_ends_with_the_reason_in_one_line(watched: Watched) -> None:
    for number in range(60):
        watched.progress.log(f"line {number}")
    watched.progress.failed(MachineError("no\ndisk \x1b[2J", hint="attach one", detail="a\nb"), 4)
    console = watched.console()
    assert console[-1] == "BOATYARD-INSTALL: FAILED no disk ?[2J"
    assert console[-4:-1] == ["a", "b", "hint: attach one"]
    assert sum(line.startswith("| ") for line in console) == 40
    assert watched.events() == [{"event": "result", "ok": False, "code": 4, "reason": "no disk ?[2J"}]
    assert watched.log().splitlines()[-1] == console[-1]


def test_a_recovery_key_is_on_consoles_only(watched: Watched) -> None:
    watched.progress.show("abcde-fghij")
    watched.progress.failed(StepError("x"), 7)
    assert "abcde-fghij" in watched.console()
    assert "abcde" not in watched.log() + str(watched.events())
    assert sum("abcde" in line for line in watched.console()) == 1


def test_weights_of_the_plan_make_the_percentage(watched: Watched) -> None:
    made = plan()
    watched.progress.begin(made)
    weights = [step.weight for step in made.steps]
    for number, step in enumerate(made.steps, 1):
        watched.progress.step(step, number, len(made.steps))
    percents = [event["percent"] for event in watched.events() if event["event"] == "step"]
    assert percents == [100 * sum(weights[:number]) // sum(weights) for number in range(len(weights))]


def test_parts_are_not_drawn_for_every_call(watched: Watched) -> None:
    watched.progress.step(ONE, 1, 1)
    for number in range(1000):
        watched.progress.part(number / 1e6)
    assert len(watched.events()) == 1


def test_the_report(watched: Watched, tmp_path: Path) -> None:
    made = plan()
    watched.progress.begin(made)
    watched.progress.record("root-sha256", "ab")
    watched.progress.step(ONE, 1, 2)
    watched.progress.step(TWO, 2, 2)
    watched.progress.save(tmp_path / "var/log/boatyard-install")
    for name in ("install.log", "install-report.json"):
        mode = (tmp_path / "var/log/boatyard-install" / name).stat().st_mode
        assert stat.S_IMODE(mode) == 0o600
    report = json.loads((tmp_path / "var/log/boatyard-install/install-report.json").read_text())
    assert report["disk"] == {"device": "/dev/vda", "serial": "S-EMPTY", "size": 20 << 30}
    assert report["layout"] == "lvm"
    assert report["root-sha256"] == "ab"
    assert set(report["seconds"]) == {"one", "two"}
    assert "plan: " in (tmp_path / "var/log/boatyard-install/install.log").read_text()


def test_the_log_is_its_owners(watched: Watched) -> None:
    watched.progress.log("x")
    assert stat.S_IMODE(watched.log_path.stat().st_mode) == 0o600
    assert stat.S_IMODE(watched.log_path.parent.stat().st_mode) & 0o077 == 0


def test_a_console_that_takes_nothing_stops_nobody() -> None:
    end, start = os.pipe()
    os.set_blocking(start, False)
    port = Port(start, "stuck")
    port._patience = 0.1
    for _ in range(100):
        port.write(b"x" * 4096)
    assert len(os.read(end, 1 << 20)) >= 4096
    os.close(end)
    port.write(b"nobody is there any more")
    os.close(start)


def test_consoles_and_the_second_serial_port(tmp_path: Path) -> None:
    tty = tmp_path / "sys/class/tty"
    for name in ("console", "ttyS1"):
        (tty / name).mkdir(parents=True)
    (tty / "console/active").write_text("tty0 ttyS0\n")
    (tty / "ttyS1/type").write_text("4\n")
    assert console_names(tmp_path) == ["/dev/tty0", "/dev/ttyS0"]
    assert second_serial(tmp_path) == "/dev/ttyS1"
    (tty / "console/active").write_text("tty0 ttyS1\n")
    assert second_serial(tmp_path) == ""
    (tty / "console/active").write_text("tty0\n")
    (tty / "ttyS1/type").write_text("0\n")
    assert second_serial(tmp_path) == ""
    assert console_names(tmp_path / "none") == ["/dev/console"]
    assert second_serial(tmp_path / "none") == ""


def test_a_file_is_no_port(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    assert open_port(str(tmp_path / "x")) is None
    assert open_port(str(tmp_path / "none")) is None


def test_the_program_needs_no_terminal_and_no_package_outside() -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-m", "boatyard_installer", "--help"],
        env={"PYTHONPATH": str(Path(__file__).parents[2] / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--answers" in done.stdout
