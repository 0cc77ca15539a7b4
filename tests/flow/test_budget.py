"""Budgets: what was measured against what the configuration allows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from boatyard.artifact.codec import save
from boatyard.artifact.demo_result import MachineRow
from boatyard.artifact.image import Image, Manifest, PackageRow
from boatyard.config.model.native_image import Budget, NativeImage
from boatyard.flow.budget import EMULATED, measure_budgets
from boatyard_boot.size import MIB

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.artifact.demo_result import BudgetRow


def machine(*, memory_mib: int = 100, boot_s: float = 10, accelerator: str = "kvm") -> MachineRow:
    return MachineRow(
        image="live.iso",
        firmware="uefi",
        medium="cdrom",
        accelerator=accelerator,
        boot_s=boot_s,
        memory=memory_mib * MIB,
        checks=(),
        biggest_processes=("9 MB  dnf",),
        slowest_units=("5s chrony.service",),
    )


def rows(tmp_path: Path, budget: Budget, *machines: MachineRow) -> dict[str, BudgetRow]:
    native = NativeImage(formats=("iso",), channels=("base",), packages=("a",), budget=budget)
    (tmp_path / "live.iso").write_bytes(b"\1" * 50_000)
    packages = tuple(PackageRow(name=f"p{n}", evr="1-1", arch="noarch", size=n * 1000) for n in range(12))
    manifest = Manifest(
        image="live", format="iso", arch="x86_64", file="live.iso", file_size=50_000, sha256="", installed_size=66_000,
        packages=packages, repositories={},
    )  # fmt: skip
    save(manifest, tmp_path / "manifest.json")
    image = Image(
        name="live", key="", path=tmp_path / "live.iso", format="iso", size=50_000, sha256="",
        manifest=tmp_path / "manifest.json", firmware=("uefi",),
    )  # fmt: skip
    project = SimpleNamespace(native_images={"live": native})
    return {row.name: row for row in measure_budgets(project, [image], machines)}


def test_within_every_limit(tmp_path: Path) -> None:
    budget = Budget(file="1 MB", installed="1 MB", memory="180 MiB", boot_s=20)
    found = rows(tmp_path, budget, machine())
    assert set(found) == {"iso file", "installed", "memory at idle (cdrom, uefi)", "boot to login (cdrom, uefi)"}
    assert all(row.ok and not row.causes for row in found.values())


@pytest.mark.parametrize(
    ("budget", "name", "cause"),
    [
        (Budget(file="10 kB"), "iso file", "p11 1-1"),
        (Budget(installed="65 kB"), "installed", "p11 1-1"),
        (Budget(memory="99 MiB"), "memory at idle (cdrom, uefi)", "9 MB  dnf"),
        (Budget(boot_s=9), "boot to login (cdrom, uefi)", "5s chrony.service"),
    ],
)
def test_excess_names_its_causes(tmp_path: Path, budget: Budget, name: str, cause: str) -> None:
    row = rows(tmp_path, budget, machine())[name]
    assert not row.ok
    assert any(cause in line for line in row.causes)
    assert len(row.causes) <= 11


def test_emulated_machines_may_take_longer(tmp_path: Path) -> None:
    name, budget = "boot to login (cdrom, uefi)", Budget(boot_s=10)
    assert rows(tmp_path, budget, machine(boot_s=10 * EMULATED, accelerator="tcg"))[name].ok
    assert not rows(tmp_path, budget, machine(boot_s=10 * EMULATED, accelerator="kvm"))[name].ok
    assert not rows(tmp_path, budget, machine(boot_s=10 * EMULATED + 1, accelerator="tcg"))[name].ok


def test_what_did_not_come_up_is_not_measured(tmp_path: Path) -> None:
    found = rows(tmp_path, Budget(memory="1 MiB", boot_s=1), machine(memory_mib=0, boot_s=0))
    assert found == {}


def test_an_installed_machine_counts_for_memory_and_not_for_the_boot(tmp_path: Path) -> None:
    installed = structs.replace(
        machine(memory_mib=120, boot_s=99), image="installed from live.iso", medium="installation", installed_s=70.0
    )
    found = rows(tmp_path, Budget(memory="100 MiB", boot_s=20), installed)
    assert set(found) == {"memory at idle (installation, uefi)"}
    assert not found["memory at idle (installation, uefi)"].ok
