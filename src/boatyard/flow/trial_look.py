"""All checks of a trial on a machine that is up: the built-in ones, and those in TOML or YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.base.error import ConfigError, Problem
from boatyard.trial.assertion.load import load_assertions
from boatyard.trial.assertion.run import run_assertions
from boatyard.trial.builtin import builtin_checks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boatyard.artifact.trial_report import TrialCheck
    from boatyard.flow.trial_scenario import Voyage
    from boatyard.trial.assertion.model import Assertions
    from boatyard.trial.builtin import Told
    from boatyard.vm.ssh import Ssh


def read_assertions(voyage: Voyage) -> tuple[Assertions, ...]:
    """The checks in TOML and YAML; ConfigError with every fault of every file at its line."""
    read: list[Assertions] = []
    problems: list[Problem] = []
    for text in voyage.scenario.checks.files:
        try:
            read.append(load_assertions(voyage.path(text)))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError.of(problems)
    if voyage.scenario.checks.testinfra:
        raise ConfigError("checks in Python are not there yet", hint="leave out checks.testinfra")
    return tuple(read)


def look(voyage: Voyage, assertions: tuple[Assertions, ...], shell: Ssh, told: Told) -> Iterator[TrialCheck]:
    """Every check, in the order of the scenario.

    ImageError when the guest is gone, ToolError when something takes too long.
    """
    yield from builtin_checks(shell, voyage.scenario.checks, told)
    for one in assertions:
        yield from run_assertions(shell, one)
