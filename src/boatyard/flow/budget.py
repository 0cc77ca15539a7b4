"""Budgets of a demo: what the configuration allows against what was measured, with the causes of any excess."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.artifact.codec import load
from boatyard.artifact.demo_result import BudgetRow
from boatyard.artifact.image import Manifest
from boatyard.config.model.native_image import resolve
from boatyard.image.budget import biggest
from boatyard.image.disk import occupied
from boatyard_boot.size import parse_size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boatyard.artifact.demo_result import MachineRow
    from boatyard.artifact.image import Image
    from boatyard.config.project import Project

# What is given for Azure Linux 4: its ISO, its size installed, its memory in use.
REFERENCE = {"file": "1 GB", "installed": "1.1 GB", "memory": "359 MB"}

# How much longer a boot may take without KVM. A choice, not a measurement: no working KVM was at hand to compare with.
EMULATED = 6


def measure_budgets(project: Project, images: Sequence[Image], machines: Sequence[MachineRow]) -> tuple[BudgetRow, ...]:
    """A row for every limit of every image; machines count for the image they booted, the worst of them decides."""
    rows: list[BudgetRow] = []
    for image in images:
        names = (image.path.name, f"installed from {image.path.name}")
        rows.extend(_rows(project, image, [machine for machine in machines if machine.image in names]))
    return tuple(rows)


def _rows(project: Project, image: Image, machines: Sequence[MachineRow]) -> Iterator[BudgetRow]:
    budget = resolve(image.name, project.native_images).budget
    assert budget is not None, "resolved"
    manifest = load(Manifest, image.manifest)
    packages = biggest(manifest.packages)
    if budget.file:
        reference = REFERENCE["file"] if image.format == "iso" else ""
        yield _row(f"{image.format} file", "B", parse_size(budget.file), occupied(image.path), reference, packages)
    if budget.installed and image.format == "iso":
        size = manifest.installed_size
        yield _row("installed", "B", parse_size(budget.installed), size, REFERENCE["installed"], packages)
    for machine in (machine for machine in machines if machine.memory):  # the others did not come up
        where = f"{machine.medium}, {machine.firmware}"
        if budget.memory:
            limit, causes = parse_size(budget.memory), list(machine.biggest_processes)
            yield _row(f"memory at idle ({where})", "MiB", limit, machine.memory, REFERENCE["memory"], causes)
        if budget.boot_s and not machine.installed_s:  # an installation's time has more in it than a boot
            limit_s = budget.boot_s * (EMULATED if machine.accelerator == "tcg" else 1)
            causes = list(machine.slowest_units)
            yield _row(f"boot to login ({where})", "s", limit_s, machine.boot_s, "", causes)


def _row(name: str, unit: str, limit: float, measured: float, reference: str, causes: Sequence[str]) -> BudgetRow:
    shown = tuple(causes) if measured > limit else ()
    return BudgetRow(name=name, unit=unit, limit=limit, measured=measured, reference=reference, causes=shown)
