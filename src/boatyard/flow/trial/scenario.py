"""Reads a scenario: every fault at its line, the files that it names in its own folder, and the VM that it orders."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.base.error import ConfigError, Problem
from boatyard.base.where import Where
from boatyard.cloud.egress import egress
from boatyard.cloud.machine import CloudVm, DataDisk, Fault
from boatyard.config import fault as fault_of
from boatyard.config.read import read_toml
from boatyard.trial.scenario import Checks, Deploy, Scenario, Vm, parse_duration
from boatyard_boot.size import GIB, parse_size
from boatyard_installer.decode import decode
from boatyard_installer.locate import key_lines, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from boatyard.trial.scenario import Faults
    from boatyard_installer.decode import Told
    from boatyard_installer.locate import Key

MAX_KEY_BYTES = 16 << 10
MAX_DATA_BYTES = 1 << 20  # the VM refuses what is longer than Azure takes
POOL_NAME = "pool01"
TESTINFRA, TOML, GOSS = "test_*.py", "*.toml", "goss*.y*ml"


@dataclass(frozen=True, slots=True)
class PlacedScenario:
    """A scenario that can be run. `file`: where it was read, None when it was made of options.

    `folder`: what the names of files in it are relative to; all of them lie below it.
    """

    scenario: Scenario
    folder: Path
    file: Path | None = None

    @property
    def name(self) -> str:
        """For people and folders: as the scenario says, else that of its file or folder, else the machine's."""
        if self.scenario.name or self.file is None:
            return self.scenario.name or self.scenario.vm.name
        return self.folder.absolute().name if self.file.stem == "scenario" else self.file.stem

    def path(self, text: str) -> Path:
        """The file that a name in the scenario means."""
        return self.folder / text


def read_scenario(file: Path) -> PlacedScenario:
    """The scenario in a file; ConfigError has everything that is wrong with it, each with its line and key."""
    table = read_toml(file)
    if isinstance(table, fault_of.Fault):
        raise fault_of.to_error([table])
    told: list[Told] = []
    scenario = decode(Scenario, table, (), told)
    placed = PlacedScenario(scenario, file.parent, file) if isinstance(scenario, Scenario) else None
    if placed is not None:
        told += [*_faults_of_files(placed), *_faults_of_events(placed.scenario)]
    if told:
        raise fault_of.to_error([fault_of.Fault(file, *one) for one in told])
    assert placed is not None
    _check_cloud(placed)
    return placed


def scenario_of(
    image: str,
    *,
    cloud_init: Path | None = None,
    scripts: Sequence[Path] = (),
    checks: Sequence[Path] = (),
    name: str = "",
) -> PlacedScenario:
    """A scenario of a few files, wherever they are; of folders with checks all that are known by their names.

    `image`: an image's name, or its file. ConfigError for what is no such file.
    """
    found = [_file(file) for path in checks for file in _check_files(path)]
    data = [_file(cloud_init)] if cloud_init is not None else []
    steps = [_file(script) for script in scripts]
    files = [*data, *steps, *found]
    folder = _common_folder(files)
    try:
        named = [str(file.relative_to(folder)) for file in found]
        scenario = Scenario(
            image=image,
            name=name,
            vm=Vm(custom_data=str(data[0].relative_to(folder)) if data else ""),
            deploy=tuple(Deploy(script=str(script.relative_to(folder))) for script in steps),
            checks=Checks(
                files=tuple(one for one in named if not one.endswith(".py")),
                testinfra=tuple(one for one in named if one.endswith(".py")),
            ),
        )
    except ValueError as error:
        raise ConfigError(str(error)) from None
    placed = PlacedScenario(scenario, folder)
    _check_cloud(placed)
    return placed


def cloud_vm(placed: PlacedScenario) -> CloudVm:
    """The VM as the local cloud is told of it; ConfigError for what Azure would refuse."""
    vm, faults = placed.scenario.vm, placed.scenario.faults
    return CloudVm(
        name=vm.name,
        generation=vm.generation,
        size=vm.size,
        location=vm.location,
        resource_group=vm.resource_group,
        user=vm.user,
        public_keys=tuple(_public_key(placed, text) for text in vm.ssh_keys),
        custom_data=_data(placed, vm.custom_data),
        user_data=_data(placed, vm.user_data),
        tags=dict(tag.split("=", 1) for tag in vm.tags),
        data_disks=tuple(
            DataDisk(name=f"{vm.name}_DataDisk_{disk.lun}", lun=disk.lun, size_gib=_gib(disk.size))
            for disk in sorted(vm.data_disks, key=lambda disk: disk.lun)
        ),
        resource_disk_gib=_gib(vm.resource_disk) if vm.resource_disk else 0,
        cd=vm.cd,
        fault=cloud_fault(faults),
    )


def pool_vm(vm: CloudVm) -> CloudVm:
    """What a pre-provisioned VM is before it has its owner: the same machine, for nobody."""
    return CloudVm(name=POOL_NAME, vm_id=vm.id, generation=vm.generation, wire=vm.wire, cd=vm.cd)


def cloud_fault(faults: Faults) -> Fault:
    """What goes wrong in the cloud, in seconds and counts."""
    return Fault(
        imds_throttled=faults.imds_throttled,
        imds_errors=faults.imds_errors,
        imds_silent=faults.imds_silent,
        imds_delay_s=_seconds(faults.imds_delay),
        imds_limit_per_s=faults.imds_limit_per_s,
        wireserver_errors=faults.wireserver_errors,
        wireserver_delay_s=_seconds(faults.wireserver_delay),
        health_errors=faults.health_errors,
        dhcp_ignored=faults.dhcp_ignored,
        dhcp_delay_s=_seconds(faults.dhcp_delay),
        dhcp_without=faults.dhcp_without,
        cd_without=faults.cd_without,
        stale_goal_state=faults.stale_goal_state,
    )


def _gib(text: str) -> int:
    """A size in whole GiB, rounded up, as Azure sells disks."""
    return -(-parse_size(text) // GIB)


def _seconds(text: str) -> float:
    return parse_duration(text) if text else 0.0


def _named_files(scenario: Scenario) -> Iterator[tuple[Key, str]]:
    """Every file that a scenario names, with the key that does."""
    vm, checks = scenario.vm, scenario.checks
    single = ((("vm", "custom-data"), vm.custom_data), (("vm", "user-data"), vm.user_data))
    yield from ((key, text) for key, text in single if text)
    lists = ((("vm", "ssh-keys"), vm.ssh_keys), (("static", "files"), scenario.static.files))
    for key, texts in (*lists, (("checks", "files"), checks.files), (("checks", "testinfra"), checks.testinfra)):
        yield from (((*key, at), text) for at, text in enumerate(texts))
    for at, step in enumerate(scenario.deploy):
        yield ("deploy", at, "script" if step.script else "playbook"), step.script or step.playbook
        yield from ((("deploy", at, "files", number), text) for number, text in enumerate(step.files))


def _faults_of_files(placed: PlacedScenario) -> list[Told]:
    """What is wrong with the files: who wrote the scenario does not choose among all the files of this machine."""
    root, told = placed.folder.resolve(), []
    for key, text in _named_files(placed.scenario):
        file = placed.path(text)
        if not file.exists():
            told.append((key, f"there is no file {text}", "files are looked for beside the scenario"))
        elif not file.resolve().is_relative_to(root):
            told.append((key, f"{text} is a link that leads out of the scenario's folder", "copy the file there"))
        elif not file.is_file() and not (file.is_dir() and "deploy" in key and "files" in key):
            told.append((key, f"{text} is no plain file", ""))
    return told


def _faults_of_events(scenario: Scenario) -> list[Told]:
    """Events that would keep the deployment from ending."""
    limit_s = parse_duration(scenario.limits.deploy)
    hint = "limits.deploy gives the deployment more time"
    return [
        (("events", at, "after"), f"the time for the deployment is over before ({scenario.limits.deploy})", hint)
        for at, event in enumerate(scenario.events)
        if parse_duration(event.after) > limit_s
    ]


def _check_cloud(placed: PlacedScenario) -> None:
    """ConfigError, at its table, for what the cloud would refuse."""
    allowed = placed.scenario.egress
    wants: tuple[tuple[str, Callable[[], object]], ...] = (
        ("vm", lambda: cloud_vm(placed)),
        ("egress", lambda: egress(allowed.policy, allowed.allow)),
    )
    lines = key_lines(placed.file.read_text(encoding="utf-8")) if placed.file is not None else {}
    problems: list[Problem] = []
    for table, want in wants:
        try:
            want()
        except ConfigError as error:
            where = Where(placed.file, nearest(lines, (table,)), table) if placed.file is not None else None
            problems += [Problem(one.what, where, one.detail, one.hint) for one in error.problems]
    if problems:
        raise ConfigError.of(problems)


def _data(placed: PlacedScenario, text: str) -> bytes:
    if not text:
        return b""
    with placed.path(text).open("rb") as stream:
        return stream.read(MAX_DATA_BYTES)


def _public_key(placed: PlacedScenario, text: str) -> str:
    hint = "give the file of a public key, such as id_ed25519.pub"
    with placed.path(text).open("rb") as stream:
        key = stream.read(MAX_KEY_BYTES).decode("utf-8", "replace").strip()
    if "PRIVATE KEY" in key or not key.startswith(("ssh-", "ecdsa-", "sk-")) or "\n" in key:
        raise ConfigError(f"{text} is not a public key in OpenSSH's format", hint=hint)
    return key


def _file(path: Path) -> Path:
    """Where a file really is; ConfigError for what is none."""
    if not path.is_file():  # a link that leads to itself is none, and cannot be resolved
        raise ConfigError(f"{path} is no file")
    return path.resolve()


def _check_files(path: Path) -> list[Path]:
    """A file of checks, or those of a folder, by name."""
    if not path.is_dir():
        return [path]
    found = sorted({file for pattern in (TOML, GOSS, TESTINFRA) for file in path.glob(pattern) if file.is_file()})
    if not found:
        raise ConfigError(f"{path} holds no checks", hint=f"they are named {TOML}, {GOSS} or {TESTINFRA}")
    return [file for file in found if file.name != "scenario.toml"]


def _common_folder(files: Sequence[Path]) -> Path:
    """The folder that holds them all; that of this process when there are none."""
    return Path(os.path.commonpath([file.parent for file in files])) if files else Path.cwd()
