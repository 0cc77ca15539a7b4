"""A trial: a deployment on a machine of the local cloud, from the static check to the checks after a restart.

Whatever ends it, the report tells what was seen until then.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from msgspec import structs

from boatyard.base.error import ImageError, ToolError
from boatyard.flow.trial_deploy import Stage, check_tools, deploy
from boatyard.flow.trial_event import Events, perform, restart
from boatyard.flow.trial_gangway import Gangway
from boatyard.flow.trial_harvest import harvest
from boatyard.flow.trial_logbook import Logbook
from boatyard.flow.trial_look import look, read_assertions
from boatyard.flow.trial_machine import provisioned
from boatyard.flow.trial_order import order_of
from boatyard.flow.trial_static import compare, static_phase
from boatyard.flow.trial_supply import supplying
from boatyard.flow.trial_write import deploy_log
from boatyard.ports import clock
from boatyard.report.visible import visible_line
from boatyard.trial.builtin import Told
from boatyard.trial.scenario import parse_duration

if TYPE_CHECKING:
    from collections.abc import Callable

    from boatyard.artifact.provision import ProvisionRecord
    from boatyard.artifact.trial_report import TrialReport
    from boatyard.check.finding import Report
    from boatyard.flow.trial_machine import Order
    from boatyard.flow.trial_order import Berth
    from boatyard.flow.trial_scenario import Voyage
    from boatyard.flow.trial_supply import Supply
    from boatyard.trial.assertion.model import Assertions
    from boatyard.vm.running import Harbour

MOST_WORDS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What all parts of it work with."""

    voyage: Voyage
    berth: Berth
    harbour: Harbour
    book: Logbook
    assertions: tuple[Assertions, ...]

    def limit_s(self, phase: str) -> float:
        return parse_duration(getattr(self.voyage.scenario.limits, phase))

    def hear(self, line: str) -> None:
        """Takes a line of a deployment's output."""
        if len(self.book.words) < MOST_WORDS:
            self.book.words.append(line)
        self.harbour.reporter.progress(0, 0, visible_line(line))


def run_trial(
    voyage: Voyage, berth: Berth, harbour: Harbour, write: Callable[[TrialReport], None] = lambda _: None
) -> TrialReport:
    """Runs it; `write` is given the report in the end, whatever ends the trial.

    ConfigError and NotFoundError for checks and images that are none; ToolError and ImageError when this machine cannot
    run it at all.
    """
    check_tools(voyage.scenario.deploy)
    assertions = read_assertions(voyage)
    order, disk, accelerator = order_of(voyage, berth, harbour)
    book = Logbook(name=voyage.name, order=order, disk=disk, accelerator=accelerator)
    trial = Trial(voyage=voyage, berth=berth, harbour=harbour, book=book, assertions=assertions)
    static: Report | None = None
    try:
        static = _check_before(trial)
        if not (book.failed("static") and voyage.scenario.static.mode == "fail"):
            with supplying(disk, order.vm, wanted=voyage.scenario.repositories == "own") as supply:
                _sail(trial, supply, order)
    except BaseException as error:
        book.give_up(error)
        raise
    finally:
        book.commands = compare(static, book.words)
        report = book.report()
        write(report)
    return report


def _check_before(trial: Trial) -> Report | None:
    """The static check; what it found is in the logbook."""
    book = trial.book
    row, checks, report = static_phase(
        trial.voyage.scenario, trial.voyage.folder, book.disk, trial.berth.cache / "facts"
    )
    book.rows["static"] = row
    book.checks += checks
    return report


def _sail(trial: Trial, supply: Supply, order: Order) -> None:
    """Boots, deploys and checks."""
    book = trial.book
    book.notes = (*book.notes, *filter(None, [supply.note]))
    book.begin("boot")
    log = trial.berth.report / "console.log"
    ordered, berth = supply.added_to(order), trial.berth
    with provisioned(ordered, trial.harbour, log, berth.snapshots, fresh=berth.fresh, started=book.started) as up:
        book.arrived(up)
        if up.record.failed is not None:
            return
        with Gangway(up.machine, up.key.private, order.vm.user) as way:
            with book.phase("deploy"):
                if up.snapshot != "none" and not supply.wake(way.shell()):
                    trial.harbour.reporter.warn("the machine's clock could not be set; it is late")
                _deploy(trial, way)
            if not book.failed("deploy"):
                with book.phase("check"):
                    _check(trial, way, up.record, supply)
            _keep_logs(trial, way)


def _deploy(trial: Trial, way: Gangway) -> None:
    """Carries out the steps until one fails, and the events beside them."""
    scenario, book = trial.voyage.scenario, trial.book
    if not scenario.deploy and not scenario.events:
        book.skip("deploy", "the scenario has no [[deploy]]")
        return
    deadline = clock.monotonic() + trial.limit_s("deploy")
    act = partial(perform, machine=way.machine, key=way.key, user=way.user, timeout_s=trial.limit_s("boot"))
    events = Events(scenario.events, act, book.mark)
    with trial.harbour.reporter.step("deployment"), events.running():
        for number, step in enumerate(scenario.deploy, start=1):
            name = step.script or step.playbook
            stage = Stage(
                shell=way.shell(),
                log=trial.berth.report / deploy_log(number, name),
                timeout_s=max(1.0, deadline - clock.monotonic()),
                told=trial.hear,
            )
            at_s = book.at_s()
            with trial.harbour.reporter.step(name):
                check = deploy(trial.voyage, step, stage)
            book.mark(check, at_s)
            if check.outcome == "failed":
                events.stop()
                way.machine.vm.console.check()  # a panic explains more than a lost connection
                break
    if any(event.kind == "reboot" for event in scenario.events):
        way.close()


def _check(trial: Trial, way: Gangway, record: ProvisionRecord, supply: Supply) -> None:
    """Makes all checks, and once more after a restart when that is wanted."""
    _look(trial, way, record, supply, after_reboot=False)
    if trial.voyage.scenario.checks.after_reboot:
        with trial.harbour.reporter.step("restart"):
            way.close()
            restart(way.machine, way.key, way.user, trial.limit_s("boot"))
        _look(trial, way, record, supply, after_reboot=True)


def _look(trial: Trial, way: Gangway, record: ProvisionRecord, supply: Supply, *, after_reboot: bool) -> None:
    book, voyage = trial.book, trial.voyage
    told = Told(record=record, user=way.user, contacts=way.machine.fabric.contacts(), own=supply.own)
    with trial.harbour.reporter.step("checks after a restart" if after_reboot else "checks"):
        limit_s = trial.limit_s("check")
        for check in look(voyage, trial.assertions, way.shell(), told, trial.berth.report, limit_s):
            book.mark(structs.replace(check, after_reboot=after_reboot))


def _keep_logs(trial: Trial, way: Gangway) -> None:
    """What is left of the machine; that it is gone has been told by then."""
    try:
        trial.book.words += harvest(way.shell(), trial.berth.report)
    except (ImageError, ToolError) as error:
        trial.harbour.reporter.note(f"the machine's own logs are not kept: {error.problems[0].what}")
