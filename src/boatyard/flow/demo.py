"""The demo: Skiff Linux from its TOML to signed repositories and images, to machines that are booted, installed and
checked, and to the trial of a deployment."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from msgspec import structs

from boatyard.artifact.codec import load
from boatyard.artifact.demo_result import ChannelRow, DemoResult, ImageRow, MachineRow, StageRow, TrialRow
from boatyard.artifact.image import Manifest
from boatyard.config.model.native_image import resolve
from boatyard.flow.budget import measure_budgets
from boatyard.flow.check import Boot, check_boot, expected_system
from boatyard.flow.distribution import make_repositories
from boatyard.flow.image import make_images
from boatyard.flow.install_trial import check_installation
from boatyard.flow.lock import lock_today
from boatyard.flow.trial.sample import try_sample
from boatyard.graph.local import run_all
from boatyard.ports import clock
from boatyard.ports.serve import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from boatyard.artifact.image import Image
    from boatyard.artifact.repo_snapshot import Compose
    from boatyard.flow.distribution import Made
    from boatyard.flow.yard import Yard

LIVE, DISK = "skiff-live", "skiff-disk"
MACHINES_AT_ONCE = 3  # each takes a gigabyte of memory and, emulated, a processor


class Stages:
    """The named stages of a run, timed."""

    def __init__(self, yard: Yard) -> None:
        self._reporter = yard.ports.reporter
        self.rows: list[StageRow] = []

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = clock.monotonic()
        with self._reporter.step(name):
            yield
        self.rows.append(StageRow(name=name, seconds=round(clock.monotonic() - started, 1)))


def run_demo(yard: Yard) -> DemoResult:
    """Runs everything; `ok` is false when a check or a budget failed."""
    started, stages = clock.monotonic(), Stages(yard)
    components = list(yard.project.components.values())
    with stages.stage("lock"):
        lock_today(yard, components)
    with stages.stage("repositories"):
        made = make_repositories(yard, components)
    with stages.stage("images"):
        images = make_images(yard, made.compose, [LIVE, DISK], within_budget=False)
    with stages.stage("machines"):
        machines, trial = _check_machines(yard, made.compose, images)
    result = _result(yard, made, images, machines, trial)
    return structs.replace(result, stages=tuple(stages.rows), seconds=round(clock.monotonic() - started, 1))


def plan_boots(images: Sequence[Image]) -> list[Boot]:
    """The ISO as a CD under UEFI, the disk under UEFI and under BIOS where there is one."""
    boots = []
    for image in images:
        if image.name == LIVE and image.format == "iso":
            boots.append(Boot(image=image, firmware="uefi", medium="cdrom"))
        elif image.name == DISK and image.format == "qcow2":
            boots.append(Boot(image=image, firmware="uefi", medium="disk"))
            if "bios" in image.firmware:
                boots.append(Boot(image=image, firmware="bios", medium="disk"))
    return boots


def _check_machines(yard: Yard, compose: Compose, images: Sequence[Image]) -> tuple[list[MachineRow], TrialRow | None]:
    # What only builds need is published too, and configured in no system.
    expected = expected_system(yard.project, resolve(LIVE, yard.project.native_images).channels)
    with serving(compose.dir) as url:

        def install(iso: Image) -> MachineRow:
            log = yard.workspace.log / f"console-{iso.path.name}-installation.log"
            return check_installation(yard, iso.path, expected, url, log)

        def check(boot: Boot) -> MachineRow:
            log = yard.workspace.log / f"console-{boot.image.path.name}-{boot.medium}-{boot.firmware}.log"
            return check_boot(yard, boot, expected, url, log)

        boots = [partial(check, boot) for boot in plan_boots(images)]
        # What takes longest begins first; it is shown last.
        long: list[Callable[[], MachineRow | TrialRow]] = [
            partial(install, image) for image in images if image.name == LIVE and image.format == "iso"
        ]
        long += [partial(try_sample, yard) for image in images if image.name == DISK and image.format == "qcow2"]
        jobs: list[Callable[[], MachineRow | TrialRow]] = [*long, *boots]
        rows = run_all(lambda job: job(), jobs, workers=MACHINES_AT_ONCE)
    machines = [row for row in (*rows[len(long) :], *rows[: len(long)]) if isinstance(row, MachineRow)]
    return machines, next((row for row in rows if isinstance(row, TrialRow)), None)


def _result(
    yard: Yard, made: Made, images: Sequence[Image], machines: Sequence[MachineRow], trial: TrialRow | None
) -> DemoResult:
    manifest = load(Manifest, images[0].manifest)
    budgets = measure_budgets(yard.project, images, machines)
    current = yard.workspace.repo / "current"
    distro = yard.project.settings.default_distro
    tried = trial is None or trial.passed
    return DemoResult(
        ok=tried and all(machine.ok for machine in machines) and all(budget.ok for budget in budgets),
        distribution=yard.project.distros[distro.name].description,
        version=distro.version,
        arch=yard.arch,
        components=len(made.built.results),
        built=made.built.fresh,
        packages=sum(len(result.rpms) for result in made.built.results),
        installed_packages=len(manifest.packages),
        installed_size=manifest.installed_size,
        channels=tuple(
            ChannelRow(name=s.channel, path=str(current / s.channel), packages=s.packages, size=s.size)
            for s in made.compose.channels
        ),
        images=tuple(
            ImageRow(name=i.name, format=i.format, path=str(i.path), size=i.size, sha256=i.sha256) for i in images
        ),
        machines=tuple(machines),
        budgets=budgets,
        stages=(),
        seconds=0,
        trial=trial,
    )
