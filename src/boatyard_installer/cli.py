"""boatyard-install: finds or asks for the answers, makes the plan, has it performed, and ends."""

from __future__ import annotations

import argparse
import sys
import traceback
import uuid
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from boatyard_boot.error import BootError
from boatyard_installer import engine as stages
from boatyard_installer.answers import Answers
from boatyard_installer.console import Screens, open_screens
from boatyard_installer.error import InstallError
from boatyard_installer.fetch import fetch
from boatyard_installer.find import Found, Places, find, kernel_arguments, read_answers
from boatyard_installer.finish import Action, finish
from boatyard_installer.lock import LOCK, is_held, only_one, until_free
from boatyard_installer.passphrase import ask_passphrase, resolve_encryption, shown_once
from boatyard_installer.progress import LOG, Progress, open_progress
from boatyard_installer.run import HostRun
from boatyard_installer.terminal import console_names

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from boatyard_installer.engine import Engine
    from boatyard_installer.run import Run
    from boatyard_installer.step import Plan

COMMAND_LINE = Path("/proc/cmdline")
INTERNAL_ERROR, BUSY = 70, 75  # EX_SOFTWARE, EX_TEMPFAIL of sysexits.h
TARGET = "boatyard-install.target"
ASKING = "boatyard-install@{}.service"


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    made = argparse.ArgumentParser(
        prog="boatyard-install",
        description="Installs the system of this medium on a disk. Without options it asks.",
        allow_abbrev=False,
    )
    kind = made.add_mutually_exclusive_group()
    kind.add_argument("--answers", type=Path, metavar="FILE", help="install as these answers say, without asking")
    kind.add_argument(
        "--find",
        action="store_true",
        help="look for answers as at the start of the medium; without any, ask on the consoles",
    )
    kind.add_argument("--attended", action="store_true", help="ask here, which is the default")
    made.add_argument("--dry-run", action="store_true", help="print the plan and write nothing")
    made.add_argument(
        "--result-action", choices=get_args(Action), metavar="ACTION", help="at the end: none, reboot, poweroff or halt"
    )
    return made


def main(argv: Sequence[str]) -> int:
    """Runs the program; its exit code."""
    args = parser().parse_args(argv)
    if args.dry_run:
        return dry_run(args.answers)
    if not args.answers and not args.find:
        return attended(args.result_action)
    arguments = kernel_arguments(COMMAND_LINE.read_text())
    with only_one(LOCK) as alone:
        if not alone:
            sys.stderr.write(f"boatyard-install: another installation is running; its log is {LOG}\n")
            return BUSY
        progress = open_progress(LOG, arguments.get("boatyard.progress", ""))
        run = HostRun(progress.log)
        look = partial(read_answers, args.answers) if args.answers else partial(look_around, run, progress)
        return unattended(look, stages.real_engine, run, progress, end=finish, action=args.result_action)


def look_around(run: Run, progress: Progress) -> Found | None:
    """The answers from where they are at the start of the medium."""

    def get(url: str, limit: int, sha256: str = "") -> bytes:
        progress.say(f"fetching {url}")
        stages.bring_network_up(run)
        return fetch(url, limit, sha256)

    stages.settle(run)
    return find(COMMAND_LINE.read_text(), run, get, Places(medium=stages.MEDIUM))


def unattended(
    look: Callable[[], Found | None],
    engine: Callable[[], Engine],
    run: Run,
    progress: Progress,
    *,
    end: Callable[..., None],
    action: Action | None,
) -> int:
    """Installs by the answers that `look` finds; starts the questions on the consoles if there are none.

    The exit code as in boatyard_installer.error. `end`: finish.finish; `action`: instead of what the answers say.
    """
    found: Found | None = None

    def work() -> bool:
        nonlocal found
        found = look()
        if found is None:
            return False
        progress.say(f"installing by the answers from {found.source}")
        install(found, engine(), run, progress)
        return True

    code, installed = guarded(work, progress)
    if code == 0 and not installed:
        ask_on_consoles(run)
        return 0
    wanted = found.answers.finish if found else None
    if code == 0:
        assert wanted is not None
        end(action or wanted.action, eject=wanted.eject)
        return 0
    failure: Action = wanted.on_failure if wanted else "halt"
    if failure != "halt":  # a machine that halts keeps showing why, and so does one that just goes on
        end(action or failure, eject=False)
    return code


def guarded(work: Callable[[], bool], progress: Progress) -> tuple[int, bool]:
    """Runs `work` and tells how it ended if it did anything; its exit code, and what it said."""
    try:
        done = work()
    except InstallError as error:
        progress.failed(error, error.exit_code)
        return error.exit_code, False
    except BootError as error:
        progress.failed(error, InstallError.exit_code)
        return InstallError.exit_code, False
    except Exception as error:  # the last line has to come whatever happens
        progress.log(traceback.format_exc())
        progress.failed(f"internal error: {type(error).__name__}: {error}", INTERNAL_ERROR)
        return INTERNAL_ERROR, False
    if done:
        progress.succeeded()
    return 0, done


def install(found: Found, engine: Engine, run: Run, progress: Progress) -> None:
    """From answers to an installed system; InstallError."""
    answers = resolve_encryption(found.answers, _ask_on_all)
    stages.settle(run)
    if any(repository.use for repository in answers.repositories):
        stages.bring_network_up(run)
    plan = engine.make_plan(answers, engine.probe(run), engine.read_medium(stages.MEDIUM), str(uuid.uuid4()))
    perform(plan, found.user_data, engine, run, progress)
    for line in shown_once(found.answers, answers).splitlines():
        progress.show(line)


def perform(plan: Plan, user_data: bytes, engine: Engine, run: Run, progress: Progress) -> None:
    """Does what the plan says."""
    progress.begin(plan)
    progress.say(f"installing {plan.medium.title} on {plan.disk.device}")
    engine.perform(plan, run, progress, user_data)


def _ask_on_all() -> str:
    with open_screens(console_names()) as screens:
        return ask_passphrase(screens)


def ask_on_consoles(run: Run) -> None:
    """Starts the questions on every console."""
    names = [name.removeprefix("/dev/") for name in console_names()]
    # tty0 is whatever screen is in front; services have one of their own.
    wanted = sorted({"tty1" if name == "tty0" else name for name in names})
    run("systemctl", "start", "--no-block", *(ASKING.format(name) for name in wanted))


def dry_run(path: Path | None, engine: Callable[[], Engine] = stages.real_engine) -> int:
    """Prints the plan for this machine; its exit code."""
    try:
        run = HostRun(lambda _: None)
        given = read_answers(path).answers if path else Answers()
        # A passphrase is of no use to a plan, and nobody is asked for one.
        answers = resolve_encryption(given, lambda: "not asked for")
        stage = engine()
        plan = stage.make_plan(answers, stage.probe(run), stage.read_medium(stages.MEDIUM), "0" * 32)
    except (InstallError, BootError) as error:
        sys.stderr.write(f"boatyard-install: {error}\n")
        return getattr(error, "exit_code", InstallError.exit_code)
    for step in plan.steps:
        sys.stdout.write(f"{step.name:<16}{step.text}\n")
    return 0


def attended(action: Action | None) -> int:
    """Asks at the terminal that this runs on; the exit code."""
    from boatyard_installer.attended import Hands, attend

    quiet = HostRun(lambda _: None)

    def carry_out(plan: Plan) -> int:
        with only_one(LOCK) as alone:
            if not alone:
                return BUSY
            progress = open_progress(LOG, kernel_arguments(COMMAND_LINE.read_text()).get("boatyard.progress", ""))
            run = HostRun(progress.log)

            def work() -> bool:
                perform(plan, b"", stages.real_engine(), run, progress)
                return True

            return guarded(work, progress)[0]

    def leave(where: str) -> None:
        if where == "live":
            to_live_system(quiet)
        elif where == "poweroff":
            finish(action or "poweroff", eject=False)
        else:
            finish(action or "reboot", eject=True)

    if not sys.stdin.isatty():
        sys.stderr.write("boatyard-install: there is no terminal to ask at\n  hint: give --answers FILE\n")
        return 2
    stages.settle(quiet)
    hands = Hands(
        engine=stages.real_engine,
        quiet=quiet,
        medium=stages.MEDIUM,
        busy=lambda: is_held(LOCK),
        wait=lambda: until_free(LOCK),
        install=carry_out,
        leave=leave,
    )
    return attend(Screens([sys.stdin.fileno()]), hands)


def to_live_system(run: Run) -> None:
    """Goes on to the live system, where people log in, unless this is it."""
    if run("systemctl", "is-active", TARGET, ok=(0, 3, 4)).strip() == "active":
        run("systemctl", "isolate", "--no-block", "multi-user.target")
