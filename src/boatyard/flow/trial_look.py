"""All checks of a trial on a machine that is up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.base.error import ConfigError
from boatyard.trial.assertion.load import load_assertions
from boatyard.trial.assertion.run import run_assertions
from boatyard.trial.builtin import builtin_checks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boatyard.artifact.trial_report import TrialCheck
    from boatyard.flow.trial_scenario import Voyage
    from boatyard.trial.builtin import Told
    from boatyard.vm.ssh import Ssh


def check_readable(voyage: Voyage) -> None:
    """ConfigError for checks that cannot be made."""
    checks = voyage.scenario.checks
    for file in checks.files:
        load_assertions(voyage.path(file))
    if checks.testinfra:
        raise ConfigError("tests in Python are not there yet", hint="leave out checks.testinfra")


def look(voyage: Voyage, shell: Ssh, told: Told) -> Iterator[TrialCheck]:
    """Every check. ImageError when the guest is gone, ToolError when something takes too long."""
    yield from builtin_checks(shell, voyage.scenario.checks, told)
    for file in voyage.scenario.checks.files:
        yield from run_assertions(shell, load_assertions(voyage.path(file)))
