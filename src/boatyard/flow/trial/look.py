"""All checks of a trial on a machine that is up: the built-in ones, those in TOML or YAML, those in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.base.error import ConfigError, Problem
from boatyard.flow.trial.harvest import SECTIONS
from boatyard.flow.trial.testinfra import require_testinfra, run_testinfra
from boatyard.trial.assertion.load import load_assertions
from boatyard.trial.assertion.run import run_assertions
from boatyard.trial.builtin import builtin_checks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from boatyard.artifact.trial_report import TrialCheck
    from boatyard.flow.trial.scenario import PlacedScenario
    from boatyard.trial.assertion.model import Assertions
    from boatyard.trial.builtin import Told
    from boatyard.trial.section import Answers
    from boatyard.vm.ssh import Ssh


def read_assertions(placed: PlacedScenario) -> tuple[Assertions, ...]:
    """The checks in TOML and YAML; ConfigError with every fault of every file at its line."""
    read: list[Assertions] = []
    problems: list[Problem] = []
    for text in placed.scenario.checks.files:
        try:
            read.append(load_assertions(placed.path(text)))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError.of(problems)
    if placed.scenario.checks.testinfra:
        require_testinfra()
    return tuple(read)


def look(
    placed: PlacedScenario,
    assertions: tuple[Assertions, ...],
    shell: Ssh,
    told: Told,
    log: Path,
    timeout_s: float,
    heard: Callable[[Answers], None],
) -> Iterator[TrialCheck]:
    """Every check, in the order of the scenario. `log`: the folder for the output of those in Python.

    `heard` is given the guest's logs (`harvest.SECTIONS`), which are asked for on the way.
    ImageError when the guest is gone, ToolError when something takes too long (those in Python: `timeout_s` seconds).
    """
    checks, answers = builtin_checks(shell, placed.scenario.checks, told, SECTIONS)
    heard(answers)
    yield from checks
    for one in assertions:
        yield from run_assertions(shell, one)
    if files := tuple(placed.path(text) for text in placed.scenario.checks.testinfra):
        yield from run_testinfra(files, shell, log, shell.run, timeout_s)
