"""Attended installations, played from scripts of lines."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.installer.made_up import EMPTY, FULL, NAMELESS, STICK, Recorder, machine, medium

from boatyard_installer.answers import Answers, Encryption
from boatyard_installer.ask import Dialogue, Quit, World, confirmation
from boatyard_installer.attended import Hands, attend, hash_password, proposed_name
from boatyard_installer.console import Screens
from boatyard_installer.engine import Engine
from boatyard_installer.error import InstallError
from boatyard_installer.passphrase import ALPHABET, ask_passphrase, recovery_key, resolve_encryption
from boatyard_installer.plan import make_plan
from boatyard_installer.run import HostRun

if TYPE_CHECKING:
    from boatyard_installer.probe import FoundDisk, Machine
    from boatyard_installer.step import Plan

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0 ada"
HASH = "$6$saltsalt$" + "a" * 86
REST = ["", "ada", "password", "password", "", ""]  # after the layout: host name ... time zone
ALL = ["", "", *REST]  # one disk


def dialogue(*disks: FoundDisk) -> Dialogue:
    zones = {"UTC", "Europe/Berlin"}
    return Dialogue(World(machine=machine(*disks), needed=2 << 30, is_zone=zones.__contains__, hostname="skiff"))


def play(made: Dialogue, lines: list[str]) -> Answers:
    for line in lines:
        assert made.take(line) == "", line
    assert made.question is None
    return made.answers(lambda _: HASH)


def test_enter_is_enough_but_for_the_user() -> None:
    made = dialogue(EMPTY, STICK)
    answers = play(made, ALL)
    assert made.machine.disks == (EMPTY,)
    assert answers.disk.wipe
    assert answers.layout.kind == "lvm"
    assert (answers.system.hostname, answers.system.timezone) == ("skiff", "UTC")
    assert (answers.users[0].name, answers.users[0].password_hash, answers.users[0].sudo) == ("ada", HASH, "password")


def test_everything_else() -> None:
    made = dialogue(EMPTY, FULL)
    lines = ["2", "3", "correct horse", "correct horse", "web01", "ada", "", KEY, "Europe/Berlin"]
    answers = play(made, lines)
    assert made.disk is FULL
    assert answers.encryption == Encryption(passphrase="correct horse")
    assert answers.users[0].ssh_keys == (KEY,)
    assert answers.users[0].password_hash == ""
    assert answers.users[0].sudo == "nopasswd"


def test_back_and_the_answer_is_proposed_again() -> None:
    made = dialogue(EMPTY)
    for line in ("", "2", "web01"):
        made.take(line)
    made.take("b")
    assert made.prompt == "Host name [web01]: "
    made.take("back")
    assert made.prompt == "Layout [2]: "
    assert play(made, ["3", "b", "1", *REST]).system.hostname == "web01"


def test_a_layout_chosen_again_leaves_no_passphrase() -> None:
    made = dialogue(EMPTY)
    lines = ["", "3", "correct horse", "correct horse", "b", "b", "b", "2", *REST]
    assert play(made, lines).encryption is None


@pytest.mark.parametrize(
    ("before", "line", "told"),
    [
        ([], "0", "number of a disk"),
        ([], "9", "number of a disk"),
        ([], "²", "number of a disk"),
        ([], "2", "/dev/sda cannot be taken"),
        ([""], "4", "One of 1, 2, 3"),
        (["", "3"], "short", "fewer than 8"),
        (["", "3", "correct horse"], "another horse", "two different"),
        (["", ""], "-a", "host name"),
        (["", "", ""], "", "user's name"),
        (["", "", ""], "root", "root"),
        (["", "", "", "ada"], "short", "at least 8"),
        (["", "", "", "ada", ""], "", "nobody could log in"),
        (["", "", "", "ada", ""], "ssh-dss AAAA", "public SSH key"),
        (["", "", "", "ada", "", KEY], "Mars/Base", "no such time zone"),
        (["", "", "", "ada", "", KEY], "../etc", "time zone"),
    ],
)
def test_wrong_lines(before: list[str], line: str, told: str) -> None:
    made = dialogue(EMPTY, STICK)
    for given in before:
        assert made.take(given) == ""
    assert told in made.take(line)


def test_two_different_passphrases_ask_for_the_first_again() -> None:
    made = dialogue(EMPTY)
    for line in ("", "3", "correct horse", "another horse"):
        made.take(line)
    assert made.question is not None
    assert made.question.key == "passphrase"


def test_an_empty_passphrase_has_one_made_up() -> None:
    assert play(dialogue(EMPTY), ["", "3", "", *REST]).encryption == Encryption(source="random")


def test_a_passphrase_left_out_after_all_is_not_asked_for_again() -> None:
    lines = ["", "3", "correct horse", "b", "", *REST]
    assert play(dialogue(EMPTY), lines).encryption == Encryption(source="random")


def test_no_default_when_several_disks_could_be_taken() -> None:
    made = dialogue(EMPTY, FULL)
    assert made.prompt == "Disk: "
    assert made.take("") == "Type the number of a disk."


@pytest.mark.parametrize(("disk", "word"), [(EMPTY, "yes"), (FULL, "S-FULL"), (NAMELESS, "/dev/vdc")])
def test_what_confirms(disk: FoundDisk, word: str) -> None:
    assert confirmation(disk)[0] == word


class Script:
    """A terminal with somebody who types the lines of a script."""

    def __init__(self, *lines: str) -> None:
        self._lines = list(lines)
        self.shown: list[str] = []

    def show(self, text: str) -> None:
        self.shown.append(text)

    def read(self, prompt: str, *, secret: bool = False) -> str:
        if not self._lines:
            raise EOFError
        self.shown.append(prompt)
        return self._lines.pop(0)

    @property
    def text(self) -> str:
        return "\n".join(self.shown)


class Stage:
    """What an attended installation does, recorded."""

    def __init__(self, *disks: FoundDisk, codes: tuple[int, ...] = (0,)) -> None:
        self.machine = machine(*disks)
        self.plans: list[Plan] = []
        self.left: list[str] = []
        self.busy = False
        self._codes = list(codes)

    def hands(self) -> Hands:
        run = Recorder({"openssl": HASH + "\n"})
        engine = Engine(lambda _: self.probed(), lambda _: medium(), make_plan, lambda *_: None)
        return Hands(
            engine=lambda: engine,
            quiet=run,
            medium=Path("/none"),
            busy=lambda: self.busy,
            wait=self.waited,
            install=self.install,
            leave=self.left.append,
        )

    def probed(self) -> Machine:
        return self.machine

    def waited(self) -> None:
        self.busy = False

    def install(self, plan: Plan) -> int:
        self.plans.append(plan)
        return self._codes.pop(0)


@pytest.fixture(autouse=True)
def zones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "UTC").write_text("")
    monkeypatch.setattr("boatyard_installer.attended.ZONES", tmp_path)


def test_an_empty_disk_needs_a_yes() -> None:
    stage, script = Stage(EMPTY), Script(*ALL, "y", "yes", "")
    assert attend(script, stage.hands()) == 0
    assert [plan.disk for plan in stage.plans] == [EMPTY]
    assert stage.left == ["reboot"]
    assert "password" not in script.text.replace("Password", "")


def test_a_full_disk_needs_its_serial() -> None:
    stage, script = Stage(FULL), Script(*ALL, "yes", "S-EMPTY", "S-FULL", "")
    assert attend(script, stage.hands()) == 0
    assert script.text.count("nothing has been written") == 2
    assert len(stage.plans) == 1


def test_a_made_up_passphrase_is_shown_until_somebody_presses_enter() -> None:
    stage, script = Stage(EMPTY), Script("", "3", "", *REST, "yes", "")
    assert attend(script, stage.hands()) == 0
    encryption = stage.plans[0].answers.encryption
    assert encryption is not None
    *before, shown, prompt = script.shown
    assert encryption.passphrase in shown.splitlines()
    assert encryption.passphrase not in "\n".join(before)
    assert prompt == "Press Enter to restart: "
    assert stage.left == ["reboot"]


@pytest.mark.parametrize("layout", [["1"], ["3", "correct horse", "correct horse"]])
def test_what_was_typed_is_not_shown(layout: list[str]) -> None:
    script = Script("", *layout, *REST, "yes", "")
    attend(script, Stage(EMPTY).hands())
    assert "Recovery key" not in script.text
    assert "correct horse" not in script.text


def test_back_from_the_summary_and_out_by_the_menu() -> None:
    stage, script = Stage(EMPTY), Script(*ALL, "b", "UTC", "q", "7", "4")
    assert attend(script, stage.hands()) == 0
    assert stage.plans == []
    assert stage.left == ["poweroff"]


@pytest.mark.parametrize(("number", "where"), [("2", "live"), ("3", "reboot"), ("4", "poweroff")])
def test_the_menu(number: str, where: str) -> None:
    stage = Stage(EMPTY)
    attend(Script("q", number), stage.hands())
    assert stage.left == [where]


def test_back_before_the_first_question_is_the_menu_and_from_there_again() -> None:
    stage = Stage(EMPTY)
    assert attend(Script("b", "1", *ALL, "yes", ""), stage.hands()) == 0
    assert len(stage.plans) == 1


def test_after_a_failure_there_is_the_menu() -> None:
    stage = Stage(EMPTY, codes=(7, 0))
    assert attend(Script(*ALL, "yes", "1", *ALL, "yes", ""), stage.hands()) == 0
    assert len(stage.plans) == 2


def test_a_disk_too_small_is_not_offered() -> None:
    stage, script = Stage(replace(EMPTY, size=1 << 30)), Script("1")
    assert attend(script, stage.hands()) == 1
    assert "not this one" in script.text
    assert stage.plans == []


def test_disks_that_change_meanwhile() -> None:
    stage = Stage(EMPTY)

    class Swapping(Script):
        def read(self, prompt: str, *, secret: bool = False) -> str:
            if "Type yes" in prompt:
                stage.machine = machine(FULL)
            return super().read(prompt, secret=secret)

    script = Swapping(*ALL, "yes", "4")
    attend(script, stage.hands())
    assert stage.plans == []
    assert "have changed" in script.text


def test_another_console_was_first() -> None:
    stage, script = Stage(EMPTY), Script("1", "3")
    stage.busy = True
    attend(script, stage.hands())
    assert "another console" in script.text
    assert stage.left == ["reboot"]


def test_nobody_types_any_more() -> None:
    assert attend(Script(), Stage(EMPTY).hands()) == 1


def test_quit_is_an_exception_of_the_dialogue() -> None:
    with pytest.raises(Quit):
        dialogue(EMPTY).take("quit")


@pytest.mark.tool
def test_the_hash_is_one_that_answers_take() -> None:
    logged: list[str] = []
    hashed = hash_password("correct horse", HostRun(logged.append))
    assert hashed.startswith("$6$")
    assert "correct" not in str(logged)


def test_a_passphrase_is_asked_for_until_it_is_good() -> None:
    script = Script("short", "correct horse", "other horse", "correct horse", "correct horse")
    assert ask_passphrase(script) == "correct horse"
    assert "fewer than 8" in script.text
    assert "different" in script.text
    assert "horse" not in script.text


def test_encryption_is_resolved() -> None:
    made = Answers()
    assert resolve_encryption(made, str) is made
    from boatyard_installer.answers import LayoutChoice

    luks = LayoutChoice(kind="luks")
    given = Answers(layout=luks, encryption=Encryption(passphrase="correct horse"))
    assert resolve_encryption(given, str) is given
    asked = resolve_encryption(Answers(layout=luks, encryption=Encryption(source="prompt")), lambda: "asked horse")
    assert asked.encryption == Encryption(passphrase="asked horse")
    random = resolve_encryption(Answers(layout=luks, encryption=Encryption(source="random")), str)
    assert random.encryption is not None
    assert [len(group) for group in random.encryption.passphrase.split("-")] == [5] * 8


def test_recovery_keys_differ_and_can_be_read_out() -> None:
    keys = {recovery_key() for _ in range(100)}
    assert len(keys) == 100
    assert set("".join(keys)) <= {*ALPHABET, "-"}
    assert not set("il1o0") & set(ALPHABET)


@pytest.mark.parametrize("secret", [False, True])
def test_a_secret_is_not_shown_and_a_line_is(secret: bool) -> None:
    master, terminal = os.openpty()
    silent, nobody = os.openpty()
    shown = b""
    read: list[str] = []
    try:
        screens = Screens([nobody, terminal])
        thread = threading.Thread(target=lambda: read.append(screens.read("? ", secret=secret)))
        thread.start()
        while not shown.endswith(b"? "):
            shown += os.read(master, 100)
        os.write(master, b"words\r")
        thread.join()
        screens.show("end")
        while b"end" not in shown:
            shown += os.read(master, 100)
    finally:
        for fd in (master, terminal, silent, nobody):
            os.close(fd)
    assert read == ["words"]
    assert (b"words" in shown) != secret


def test_install_errors_are_shown_in_the_menu() -> None:
    stage = Stage(EMPTY)
    hands = stage.hands()

    def broken() -> Engine:
        raise InstallError("the medium is gone", hint="insert it")

    script = Script("3")
    attend(script, replace(hands, engine=broken))
    assert "hint: insert it" in script.text
    assert stage.left == ["reboot"]


@pytest.mark.parametrize(
    ("system", "name"), [("Skiff Linux", "skiff"), ("4ever Blue", "ever"), ("Ω", "localhost"), ("x" * 80, "x" * 63)]
)
def test_a_proposed_host_name_is_one(system: str, name: str) -> None:
    assert proposed_name(system) == name
