"""The program around an installation: order, exit codes, the last line, the end."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.installer.made_up import EMPTY, FULL, Recorder, machine, medium

from boatyard_boot.error import BootError
from boatyard_installer import cli
from boatyard_installer.answers import AnswersError, AnswersProblem, load_answers
from boatyard_installer.cli import INTERNAL_ERROR, dry_run, guarded, main, unattended
from boatyard_installer.engine import Engine
from boatyard_installer.error import FetchError, MachineError, MediumError, StepError
from boatyard_installer.find import Found
from boatyard_installer.lock import is_held, only_one, until_free
from boatyard_installer.log import Log
from boatyard_installer.plan import make_plan
from boatyard_installer.progress import Progress
from boatyard_installer.terminal import Console, Port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boatyard_installer.finish import Action
    from boatyard_installer.probe import FoundDisk
    from boatyard_installer.progress import Reporter
    from boatyard_installer.run import Run
    from boatyard_installer.step import Plan

UNITS = Path(cli.__file__).parent / "data"


class Machine:
    """What an unattended run does to a made-up machine."""

    def __init__(self, folder: Path) -> None:
        self.run = Recorder()
        self.disks: tuple[FoundDisk, ...] = (EMPTY,)
        self.error: Exception | None = None
        self.performed: list[tuple[Plan, bytes]] = []
        self.ended: list[tuple[str, bool]] = []
        self._console, self._program, self._log = folder / "console", folder / "program", folder / "log"
        fds = [os.open(path, os.O_WRONLY | os.O_CREAT, 0o600) for path in (self._console, self._program)]
        self.progress = Progress(Log(self._log), [Console(Port(fds[0], "c"))], [Port(fds[1], "p")])
        self.fds = fds

    def engine(self) -> Engine:
        return Engine(lambda _: machine(*self.disks), lambda _: medium(), make_plan, self._perform)

    def _perform(self, plan: Plan, _run: Run, reporter: Reporter, user_data: bytes) -> None:
        if self.error:
            raise self.error
        for number, step in enumerate(plan.steps, 1):
            reporter.step(step, number, len(plan.steps))
        self.performed.append((plan, user_data))

    def go(self, text: str | None, action: Action | None = None) -> int:
        def look() -> Found | None:
            if text is None:
                return None
            return Found(answers=load_answers(text, "a"), source="a test", user_data=b"#x")

        return unattended(
            look,
            self.engine,
            self.run,
            self.progress,
            end=lambda action, *, eject: self.ended.append((action, eject)),
            action=action,
        )

    def console(self) -> list[str]:
        return self._console.read_bytes().decode().split("\r\n")[:-1]

    def everything_kept(self) -> str:
        return self._program.read_text() + self._log.read_text()

    def result(self) -> dict[str, object]:
        told: dict[str, object] = json.loads(self._program.read_text().splitlines()[-1])
        return told


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Machine]:
    machine = Machine(tmp_path)
    yield machine
    for fd in machine.fds:
        os.close(fd)


def test_an_installation(made: Machine) -> None:
    assert made.go("") == 0
    ((plan, user_data),) = made.performed
    assert plan.disk is EMPTY
    assert user_data == b"#x"
    assert made.console()[-1] == "BOATYARD-INSTALL: OK"
    assert made.result() == {"event": "result", "ok": True, "code": 0, "reason": ""}
    assert made.ended == [("reboot", True)]


def test_the_network_is_not_started_without_need(made: Machine) -> None:
    made.go("")
    assert made.run.calls == [("udevadm", "settle", "--timeout=60")]


def test_a_repository_in_use_needs_the_network(made: Machine) -> None:
    key = '"-----BEGIN PGP PUBLIC KEY BLOCK-----"'
    made.go(f'[[repositories]]\nid = "a"\nurl = "https://h/"\nkey = {key}\nuse = true')
    assert [call[:2] for call in made.run.calls] == [("udevadm", "settle"), ("systemctl", "start")]


@pytest.mark.parametrize(
    ("text", "action", "ended"),
    [
        ('[finish]\naction = "poweroff"\neject = false', None, ("poweroff", False)),
        ('[finish]\naction = "halt"', None, ("halt", True)),
        ("", "none", ("none", True)),
    ],
)
def test_how_it_ends(made: Machine, text: str, action: Action | None, ended: tuple[str, bool]) -> None:
    assert made.go(text, action) == 0
    assert made.ended == [ended]


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        (FetchError("no host"), 3, "no host"),
        (MachineError("no disk", detail="a\nb", hint="c"), 4, "no disk"),
        (MediumError("bad medium"), 6, "bad medium"),
        (StepError("mkfs failed"), 7, "mkfs failed"),
        (BootError("no room"), 7, "no room"),
        (AnswersError((AnswersProblem("a", 1, "b", "bad answers"),)), 2, "bad answers"),
        (ZeroDivisionError("by\nzero"), INTERNAL_ERROR, "internal error: ZeroDivisionError: by zero"),
    ],
)
def test_how_it_fails(made: Machine, error: Exception, code: int, reason: str) -> None:
    made.error = error
    assert made.go("") == code
    assert made.console()[-1] == f"BOATYARD-INSTALL: FAILED {reason}"
    assert made.result() == {"event": "result", "ok": False, "code": code, "reason": reason}
    assert made.ended == [], "it halts, and so keeps showing why"


@pytest.mark.parametrize("action", ["poweroff", "reboot"])
def test_what_happens_on_failure(made: Machine, action: str) -> None:
    made.error = StepError("x")
    assert made.go(f'[finish]\non-failure = "{action}"') == 7
    assert made.ended == [(action, False)]


def test_no_disk_is_wiped_unasked(made: Machine) -> None:
    made.disks = (FULL,)
    assert made.go("") == 4
    assert made.performed == []
    made.disks = (EMPTY, replace(EMPTY, device="/dev/vdz", serial="Z"))
    assert made.go("") == 4
    assert made.performed == []


def test_without_answers_the_consoles_ask(made: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "console_names", lambda: ["/dev/tty0", "/dev/ttyS0"])
    assert made.go(None) == 0
    units = ("boatyard-install@tty1.service", "boatyard-install@ttyS0.service")
    assert made.run.calls == [("systemctl", "start", "--no-block", *units)]
    assert made.console() == []
    assert made.ended == []


def test_a_recovery_key_is_shown_once_and_kept_nowhere(made: Machine) -> None:
    assert made.go('[layout]\nkind = "luks"\n[encryption]\nsource = "random"') == 0
    encryption = made.performed[0][0].answers.encryption
    assert encryption is not None
    assert made.console().count(encryption.passphrase) == 1
    assert made.console()[-1] == "BOATYARD-INSTALL: OK"
    assert encryption.passphrase not in made.everything_kept()


def test_no_recovery_key_when_it_failed(made: Machine) -> None:
    made.error = StepError("x")
    made.go('[layout]\nkind = "luks"\n[encryption]\nsource = "random"')
    assert not any("Recovery" in line for line in made.console())


def test_a_prompt_is_answered_before_anything_is_written(made: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "_ask_on_all", lambda: "asked horse")
    assert made.go('[layout]\nkind = "luks"\n[encryption]\nsource = "prompt"') == 0
    encryption = made.performed[0][0].answers.encryption
    assert encryption is not None
    assert encryption.passphrase == "asked horse"
    assert "asked horse" not in made.everything_kept() + str(made.console())


def test_secrets_of_answers_are_not_kept(made: Machine) -> None:
    hashed = "$6$saltsalt$" + "a" * 86
    made.go(
        f'[layout]\nkind = "luks"\n[encryption]\npassphrase = "correct horse"\n[root]\npassword-hash = "{hashed}"\n'
    )
    assert "correct horse" not in made.everything_kept() + str(made.console())
    assert hashed not in made.everything_kept() + str(made.console())


def test_a_traceback_is_in_the_log_only(made: Machine) -> None:
    def broken() -> bool:
        raise KeyError("x")

    assert guarded(broken, made.progress) == (INTERNAL_ERROR, False)
    assert "Traceback" in made.everything_kept()


def test_the_plan_is_printed(tmp_path: Path, made: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.toml").write_text('[layout]\nkind = "luks"\n[encryption]\nsource = "prompt"\n')
    assert dry_run(tmp_path / "a.toml", made.engine) == 0
    assert "/dev/vda" in capsys.readouterr().out
    made.disks = (FULL,)
    assert dry_run(None, made.engine) == 4
    assert "hint: " in capsys.readouterr().err


def test_one_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "run/lock"
    with only_one(path) as first:
        assert first
        with only_one(path) as second:
            assert not second
        assert is_held(path)
    assert not is_held(path)
    until_free(path)
    with only_one(path) as again:
        assert again


def test_a_second_one_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "LOCK", tmp_path / "lock")
    with only_one(tmp_path / "lock"):
        assert main(["--answers", "a.toml"]) == cli.BUSY
    assert "another installation is running" in capsys.readouterr().err


def test_asking_needs_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with open(os.devnull) as nothing:  # noqa: PTH123 - as standard input is one
        monkeypatch.setattr("sys.stdin", nothing)
        assert main([]) == 2
    assert "--answers FILE" in capsys.readouterr().err


def test_the_units_start_what_the_program_understands() -> None:
    for unit in UNITS.glob("*.service"):
        (line,) = [line for line in unit.read_text().splitlines() if line.startswith("ExecStart=")]
        program, *arguments = line.removeprefix("ExecStart=").split()
        assert program == "/usr/bin/boatyard-install"
        cli.parser().parse_args(arguments)
    target = (UNITS / "boatyard-install.target").read_text()
    assert "Wants=boatyard-install.service" in target
    assert (UNITS / cli.ASKING.format("")).is_file()
