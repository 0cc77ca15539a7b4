"""A trial: a deployment on a machine of the local cloud, from the static check to the checks after a restart.

Whatever ends it, the report tells what was seen until then.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from msgspec import structs

from boatyard.base.error import ImageError, ToolError
from boatyard.flow.trial.deploy import Stage, check_tools, deploy
from boatyard.flow.trial.event import Events, perform, restart
from boatyard.flow.trial.harvest import harvest, store
from boatyard.flow.trial.logbook import Logbook
from boatyard.flow.trial.login import Login
from boatyard.flow.trial.look import look, read_assertions
from boatyard.flow.trial.machine import provisioned
from boatyard.flow.trial.order import order_of
from boatyard.flow.trial.static import compare, static_phase
from boatyard.flow.trial.supply import supplying
from boatyard.flow.trial.write import deploy_log
from boatyard.ports import clock
from boatyard.report.visible import visible_line
from boatyard.trial.builtin import Told
from boatyard.trial.scenario import parse_duration

if TYPE_CHECKING:
    from collections.abc import Callable

    from boatyard.artifact.provision import ProvisionRecord
    from boatyard.artifact.trial_report import TrialReport
    from boatyard.check.finding import Report
    from boatyard.flow.trial.order import Order, Places
    from boatyard.flow.trial.scenario import PlacedScenario
    from boatyard.flow.trial.supply import Supply
    from boatyard.ports.progress import Reporter
    from boatyard.trial.assertion.model import Assertions
    from boatyard.trial.section import Answers
    from boatyard.vm.running import Harbour

MOST_WORDS = 100_000
SHOWN_S = 0.1  # nobody reads faster, and the log of the deployment has every line


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What all parts of it work with."""

    placed: PlacedScenario
    places: Places
    harbour: Harbour
    book: Logbook
    assertions: tuple[Assertions, ...]

    def limit_s(self, phase: str) -> float:
        return parse_duration(getattr(self.placed.scenario.limits, phase))

    def keep_logs(self, answers: Answers) -> None:
        """Keeps the machine's own logs, of which the latest count: a restart adds to them."""
        self.book.words_of_guest = store(answers, self.places.report)


class Ear:
    """Hears the output of a deployment: keeps its first lines, and shows one now and then."""

    def __init__(self, words: list[str], reporter: Reporter) -> None:
        self._words, self._reporter = words, reporter
        self._next_s = 0.0

    def __call__(self, line: str) -> None:
        if len(self._words) < MOST_WORDS:
            self._words.append(line)
        if clock.monotonic() >= self._next_s:
            self._next_s = clock.monotonic() + SHOWN_S
            self._reporter.progress(0, 0, visible_line(line))


def run_trial(
    placed: PlacedScenario, places: Places, harbour: Harbour, write: Callable[[TrialReport], None] = lambda _: None
) -> TrialReport:
    """Runs it; `write` is given the report in the end, whatever ends the trial.

    ConfigError and NotFoundError for checks and images that are none; ToolError and ImageError when this machine cannot
    run it at all.
    """
    check_tools(placed.scenario.deploy)
    assertions = read_assertions(placed)
    order, disk, accelerator = order_of(placed, places, harbour)
    book = Logbook(name=placed.name, order=order, disk=disk, accelerator=accelerator)
    trial = Trial(placed=placed, places=places, harbour=harbour, book=book, assertions=assertions)
    static: Report | None = None
    try:
        static = _check_before(trial)
        if not (book.failed("static") and placed.scenario.static.mode == "fail"):
            with supplying(disk, order.vm, wanted=placed.scenario.repositories == "own") as supply:
                _run_on_machine(trial, supply, order)
    except BaseException as error:
        book.give_up(error)
        raise
    finally:
        book.commands = compare(static, [*book.words, *(book.words_of_guest or ())])
        report = book.report()
        write(report)
    return report


def _check_before(trial: Trial) -> Report | None:
    """The static check; what it found is in the logbook."""
    book = trial.book
    row, checks, report = static_phase(
        trial.placed.scenario, trial.placed.folder, book.disk, trial.places.cache / "facts"
    )
    book.rows["static"] = row
    book.checks += checks
    return report


def _run_on_machine(trial: Trial, supply: Supply, order: Order) -> None:
    """Boots, deploys and checks."""
    book = trial.book
    book.notes = (*book.notes, *filter(None, [supply.note]))
    book.begin("boot")
    log = trial.places.report / "console.log"
    ordered, places = supply.added_to(order), trial.places
    with provisioned(ordered, trial.harbour, log, places.snapshots, fresh=places.fresh, started=book.started) as up:
        book.arrived(up)
        if up.record.failed is not None:
            return
        with Login(up.machine, up.key.private, order.vm.user) as way:
            with book.phase("deploy"):
                if up.snapshot != "none" and not supply.wake(way.shell()):
                    trial.harbour.reporter.warn("the machine's clock could not be set; it is late")
                _deploy(trial, way)
            if not book.failed("deploy"):
                with book.phase("check"):
                    _check(trial, way, up.record, supply)
            if book.words_of_guest is None:
                _keep_logs(trial, way)


def _deploy(trial: Trial, way: Login) -> None:
    """Carries out the steps until one fails, and the events beside them."""
    scenario, book = trial.placed.scenario, trial.book
    if not scenario.deploy and not scenario.events:
        book.skip("deploy", "the scenario has no [[deploy]]")
        return
    deadline = clock.monotonic() + trial.limit_s("deploy")
    act = partial(perform, machine=way.machine, key=way.key, user=way.user, timeout_s=trial.limit_s("boot"))
    events = Events(scenario.events, act, book.mark)
    with trial.harbour.reporter.step("deployment") as told, events.running():
        for number, step in enumerate(scenario.deploy, start=1):
            name = step.script or step.playbook
            stage = Stage(
                shell=way.shell(),
                log=trial.places.report / deploy_log(number, name),
                timeout_s=max(1.0, deadline - clock.monotonic()),
                told=Ear(book.words, trial.harbour.reporter),
            )
            at_s = book.at_s()
            with trial.harbour.reporter.step(name) as told_of_one:
                check = deploy(trial.placed, step, stage)
                if check.outcome == "failed":
                    told_of_one.failed()
            book.mark(check, at_s)
            if check.outcome == "failed":
                told.failed()
                events.stop()
                way.machine.vm.console.check()  # a panic explains more than a lost connection
                break
    if any(event.kind == "reboot" for event in scenario.events):
        way.close()


def _check(trial: Trial, way: Login, record: ProvisionRecord, supply: Supply) -> None:
    """Makes all checks, and once more after a restart when that is wanted."""
    _look(trial, way, record, supply, after_reboot=False)
    if trial.placed.scenario.checks.after_reboot:
        with trial.harbour.reporter.step("restart"):
            way.close()
            restart(way.machine, way.key, way.user, trial.limit_s("boot"))
        _look(trial, way, record, supply, after_reboot=True)


def _look(trial: Trial, way: Login, record: ProvisionRecord, supply: Supply, *, after_reboot: bool) -> None:
    book, placed = trial.book, trial.placed
    told = Told(record=record, user=way.user, contacts=way.machine.fabric.contacts(), own=supply.own)
    with trial.harbour.reporter.step("checks after a restart" if after_reboot else "checks") as told_of:
        limit_s = trial.limit_s("check")
        for check in look(placed, trial.assertions, way.shell(), told, trial.places.report, limit_s, trial.keep_logs):
            book.mark(structs.replace(check, after_reboot=after_reboot))
            if check.outcome == "failed":
                told_of.failed()


def _keep_logs(trial: Trial, way: Login) -> None:
    """What is left of the machine; that it is gone has been told by then."""
    try:
        trial.book.words_of_guest = harvest(way.shell(), trial.places.report)
    except (ImageError, ToolError) as error:
        trial.harbour.reporter.note(f"the machine's own logs are not kept: {error.problems[0].what}")
