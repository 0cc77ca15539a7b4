"""The attended installation: a menu, the questions, the summary, the confirmation, at one terminal."""

from __future__ import annotations

import os
import re
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard_boot.error import BootError
from boatyard_installer.ask import Back, Dialogue, Quit, World, confirmation
from boatyard_installer.choice import describe
from boatyard_installer.error import InstallError
from boatyard_installer.passphrase import resolve_encryption, shown_once
from boatyard_installer.plan import needed_for_root

if TYPE_CHECKING:
    from collections.abc import Callable

    from boatyard_installer.answers import Answers
    from boatyard_installer.console import Terminal
    from boatyard_installer.engine import Engine
    from boatyard_installer.run import Run
    from boatyard_installer.step import Plan

ZONES = Path("/usr/share/zoneinfo")
MENU = """
  1  install
  2  use the live system
  3  restart
  4  power off"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """What an attended installation does besides asking. `quiet`: runs programs and logs nothing, for passwords.

    `busy`: whether another installation is running; `wait`: until that is over. `install`: performs a plan, tells how
    it ends, and gives the exit code. `leave`: live, reboot or poweroff.
    """

    engine: Callable[[], Engine]
    quiet: Run
    medium: Path
    busy: Callable[[], bool]
    wait: Callable[[], None]
    install: Callable[[Plan], int]
    leave: Callable[[str], None]


def attend(terminal: Terminal, hands: Hands) -> int:
    """Asks and installs; the exit code of the last installation, 1 when nobody can type any more."""
    code = 0
    while True:
        try:
            plan, key = _converse(terminal, hands)
            code = hands.install(plan)
            if code == 0:
                if key:
                    terminal.show(key)
                terminal.read("Press Enter to restart: ")
                hands.leave("reboot")
                return 0
        except Quit:
            pass
        except EOFError:
            return code or 1
        except (InstallError, BootError) as error:
            terminal.show(str(error))
        chosen = _menu(terminal)
        if chosen:
            hands.leave(chosen)
            return code


def _menu(terminal: Terminal) -> str:
    """What to do instead of installing; empty: install."""
    while True:
        terminal.show(MENU)
        line = terminal.read("What now? [1]: ").strip() or "1"
        if line in ("1", "2", "3", "4"):
            return ("", "live", "reboot", "poweroff")[int(line) - 1]


def _converse(terminal: Terminal, hands: Hands) -> tuple[Plan, str]:
    """Asks until somebody has confirmed a plan; with it the lines to show at the end if a passphrase was made up."""
    engine = hands.engine()
    medium = engine.read_medium(hands.medium)
    world = World(
        machine=engine.probe(hands.quiet),
        needed=needed_for_root(medium),
        is_zone=lambda zone: (ZONES / zone).is_file(),
        hostname=proposed_name(medium.name),
    )
    terminal.show(f"\n{medium.title}: installation\nAnswer with Enter for what is in [brackets]; b: back, q: menu.")
    dialogue = Dialogue(world)
    while True:
        try:
            _ask(terminal, dialogue, hands)
            given = dialogue.answers(lambda password: hash_password(password, hands.quiet))
            answers = resolve_encryption(given, str)
            plan = _plan(terminal, dialogue, engine, hands, answers)
        except Back:
            raise Quit from None
        if plan is not None:
            if engine.probe(hands.quiet).disks != world.machine.disks:
                raise InstallError("the disks of the machine have changed meanwhile", hint="choose again")
            return plan, shown_once(given, answers)
        dialogue.back()


def _ask(terminal: Terminal, dialogue: Dialogue, hands: Hands) -> None:
    shown = ""
    while (question := dialogue.question) is not None:
        if question.text and shown != question.key:
            terminal.show(f"\n{question.text}")
        shown = question.key
        line = terminal.read(dialogue.prompt, secret=question.secret)
        _stand_back(terminal, hands)
        if wrong := dialogue.take(line):
            terminal.show(wrong)


def _plan(terminal: Terminal, dialogue: Dialogue, engine: Engine, hands: Hands, answers: Answers) -> Plan | None:
    """The plan, confirmed; None to go back."""
    try:
        plan = engine.make_plan(answers, dialogue.machine, engine.read_medium(hands.medium), str(uuid.uuid4()))
    except (InstallError, BootError) as error:
        terminal.show(str(error))
        return None
    terminal.show("\nThis will be done:")
    terminal.show("\n".join(f"  {number:2}  {step.text}" for number, step in enumerate(plan.steps, 1)))
    terminal.show(f"\n{describe(plan.disk)}\nholds: {', '.join(plan.disk.signatures) or 'nothing'}")
    word, prompt = confirmation(plan.disk)
    while True:
        line = terminal.read(f"{prompt} (b: back, q: menu): ").strip()
        _stand_back(terminal, hands)
        if line == word:
            return plan
        if line.lower() in ("b", "back"):
            return None
        if line.lower() in ("q", "quit"):
            raise Quit
        terminal.show("That was something else; nothing has been written.")


def _stand_back(terminal: Terminal, hands: Hands) -> None:
    if hands.busy():
        terminal.show("An installation is running on another console; it shows here how that goes.")
        hands.wait()
        raise Quit


def proposed_name(system: str) -> str:
    """A host name made of the first word of a system's name: skiff for Skiff Linux."""
    found = re.search(r"[a-z][a-z0-9]*", system.lower())
    return found[0][:63] if found else "localhost"


def hash_password(password: str, run: Run) -> str:
    """SHA-512 of crypt(5). `run` must not log: what the program prints is the hash."""
    return run("openssl", "passwd", "-6", "-stdin", secret=password.encode() + os.linesep.encode()).strip()
