"""The end of a demo on the screen: what was made, what was measured, where it lies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from boatyard_boot.size import format_mib, format_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boatyard.artifact.demo_result import BudgetRow, DemoResult, MachineRow, TrialRow


def format_demo(result: DemoResult, base: Path) -> str:
    """The result as text; paths below the folder `base` are shown relative to it."""
    return "\n".join(_lines(result, base)) + "\n"


def _lines(result: DemoResult, base: Path) -> Iterator[str]:
    yield f"{result.distribution} {result.version} for {result.arch}"
    yield ""
    yield f"components   {result.components}, of which {result.built} built now, the rest from the store"
    for channel in result.channels:
        size, path = format_size(channel.size), _short(channel.path, base)
        yield f"repository   {channel.name}: {channel.packages} packages, {size}  {path}"
    for image in result.images:
        yield f"image        {image.name}.{image.format}: {format_size(image.size)}  {_short(image.path, base)}"
    yield f"installed    {result.installed_packages} packages, {format_size(result.installed_size)}"
    yield ""
    for machine in result.machines:
        yield from _machine(machine)
    if result.trial is not None:
        yield from _trial(result.trial, base)
    yield ""
    yield f"{'budget':34}{'measured':>12}{'limit':>12}{'Azure Linux 4':>16}"
    for budget in result.budgets:
        yield from _budget(budget)
    yield ""
    stages = ", ".join(f"{stage.name} {stage.seconds:.0f} s" for stage in result.stages)
    yield f"time         {result.seconds:.0f} s ({stages})"
    yield "verdict      " + ("passed" if result.ok else "FAILED")


def _short(path: str, base: Path) -> str:
    return str(Path(path).relative_to(base)) if Path(path).is_relative_to(base) else path


def _machine(machine: MachineRow) -> Iterator[str]:
    passed = sum(check.ok for check in machine.checks)
    medium = "" if machine.medium == "installation" else f" as {machine.medium}"
    place = f"{machine.image}{medium} under {machine.firmware.upper()}"
    time = f", login {machine.boot_s:.0f} s after power-on" if machine.installed_s else ""
    passed_of = f"{passed} of {len(machine.checks)} checks{time}"
    yield f"{'✓' if machine.ok else '✗'} {place} ({machine.accelerator}): {passed_of}"
    for check in machine.checks:
        yield f"    {'✓' if check.ok else '✗'} {check.name}: {check.found}"
        if not check.ok:
            yield from (f"        {line}" for line in check.detail.splitlines()[:20])


def _trial(trial: TrialRow, base: Path) -> Iterator[str]:
    verdict = "passed" if trial.passed else f"FAILED: {trial.reason}"
    place = f"{trial.image} as a VM of the local cloud ({trial.generation}, {trial.accelerator})"
    yield f"{'✓' if trial.passed else '✗'} trial of {trial.scenario} on {place}: {verdict}"
    for phase in trial.phases:
        yield f"    {'✓' if phase.ok else '✗'} {phase.name}: {phase.found}"
        if not phase.ok:
            yield from (f"        {line}" for line in phase.detail.splitlines()[:20])
    yield f"    report: {_short(trial.report, base)}"


def _budget(budget: BudgetRow) -> Iterator[str]:
    measured, limit = _amount(budget, budget.measured), _amount(budget, budget.limit)
    mark = "✓" if budget.ok else "✗"
    yield f"{mark} {budget.name:32}{measured:>12}{limit:>12}{budget.reference or '-':>16}"
    yield from (f"      {cause}" for cause in budget.causes)


def _amount(budget: BudgetRow, value: float) -> str:
    if budget.unit == "s":
        return f"{value:.0f} s"
    return format_mib(int(value)) if budget.unit == "MiB" else format_size(int(value))
