"""A scenario: which image, as which VM, with which deployment, troubles and checks (docs/reference/scenario.md).

image = "skiff-disk"

[vm]
name = "web01"
custom-data = "cloud-init.yaml"

[[deploy]]
script = "deploy.sh"

[checks]
ports = ["tcp/22", "tcp/80"]
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from boatyard.base.error import ConfigError
from boatyard.cloud.egress import egress
from boatyard_boot.size import MIB, parse_size

SCHEMA = 1
DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(ms|s|min|h)")
UNITS_S = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}
LONGEST_S = 24 * 3600.0
LEAST_MEMORY, MOST_MEMORY = 16 * MIB, 1 << 40
FILE = re.compile(r"(?!/)[^\x00-\x1f]{1,255}")
PORT = re.compile(r"(tcp|udp)/([0-9]{1,5})")
BUILT_IN = (
    "ready", "agent", "cloud-init", "units", "script", "login", "boot-time", "memory", "disk", "ports", "egress",
)  # fmt: skip


def parse_duration(text: str) -> float:
    """Seconds of "90 s", "1.5 min", "200 ms" or "2 h"; ValueError, also for more than a day."""
    found = DURATION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a time; write a number and one of {', '.join(UNITS_S)}")
    seconds = float(found[1]) * UNITS_S[found[2]]
    if seconds > LONGEST_S:
        raise ValueError(f"no time is longer than {LONGEST_S / 3600:.0f} h here")
    return seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class DataDisk:
    """An empty managed disk that the VM finds at `lun`."""

    lun: int
    size: str

    def __post_init__(self) -> None:
        parse_size(self.size)
        if not 0 <= self.lun < 64:
            raise ValueError("lun is between 0 and 63")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vm:
    """The VM as its owner orders it. `custom_data`, `user_data`, `ssh_keys`: files beside the scenario.

    `tags`: as `name=value`. `cd`: the provisioning CD is there. `resource_disk`: a size, empty for none.
    """

    name: str = "trial01"
    generation: Literal["gen1", "gen2"] = "gen2"
    size: str = "Standard_D2s_v5"
    location: str = "westeurope"
    resource_group: str = "local"
    user: str = "azureuser"
    ssh_keys: tuple[str, ...] = ()
    custom_data: str = ""
    user_data: str = ""
    tags: tuple[str, ...] = ()
    memory: str = "1 GiB"
    cpus: int = 2
    data_disks: tuple[DataDisk, ...] = ()
    resource_disk: str = ""
    cd: bool = True

    def __post_init__(self) -> None:
        if not LEAST_MEMORY <= parse_size(self.memory) <= MOST_MEMORY:
            raise ValueError("memory is between 16 MiB and 1 TiB")
        if self.resource_disk:
            parse_size(self.resource_disk)
        for text in filter(None, (self.custom_data, self.user_data, *self.ssh_keys)):
            check_file(text)
        if not 1 <= self.cpus <= 64:
            raise ValueError("cpus is between 1 and 64")
        for tag in self.tags:
            if not re.fullmatch(r"[^=\x00-\x1f;:]{1,512}=[^\x00-\x1f;]{0,256}", tag):
                raise ValueError(f"{tag!r} is not a tag; write name=value")
        luns = [disk.lun for disk in self.data_disks]
        if len(set(luns)) < len(luns):
            raise ValueError("two data disks have the same lun")


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What goes wrong in the cloud. Counts are of the first requests.

    `reprovision`: the VM is pre-provisioned for nobody and gets its owner later. `dhcp_without`: options by number.
    """

    imds_throttled: int = 0
    imds_errors: int = 0
    imds_silent: bool = False
    imds_delay: str = ""
    imds_limit_per_s: int = 0
    wireserver_errors: int = 0
    wireserver_delay: str = ""
    health_errors: int = 0
    dhcp_ignored: int = 0
    dhcp_delay: str = ""
    dhcp_without: tuple[int, ...] = ()
    cd_without: tuple[str, ...] = ()
    stale_goal_state: int = 0
    reprovision: bool = False

    def __post_init__(self) -> None:
        for text in filter(None, (self.imds_delay, self.wireserver_delay, self.dhcp_delay)):
            parse_duration(text)
        counts = (self.imds_throttled, self.imds_errors, self.imds_limit_per_s, self.wireserver_errors)
        if any(not 0 <= count <= 1000 for count in (*counts, self.health_errors, self.dhcp_ignored)):
            raise ValueError("counts of faults are between 0 and 1000")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happens `after` the deployment's start (a time): maintenance that is announced, the network that
    goes and comes back, or a restart. `event`, `notice`: of maintenance, its kind and how long before it is told."""

    kind: Literal["scheduled-event", "link-flap", "reboot"]
    after: str = "0 s"
    event: Literal["Freeze", "Reboot", "Redeploy", "Preempt", "Terminate"] = "Reboot"
    notice: str = "15 min"
    down: str = "3 s"

    def __post_init__(self) -> None:
        for text in (self.after, self.notice, self.down):
            parse_duration(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Egress:
    """Where the VM may go. `open`: anywhere; `list`: only to `allow`; `none`: nowhere.

    `allow`: host names (`*.example.org`), addresses or networks, each with `:port` or for all ports.
    `host_ports`: TCP ports of this machine's loopback that it may reach at its gateway.
    """

    policy: Literal["open", "list", "none"] = "open"
    allow: tuple[str, ...] = ()
    host_ports: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if bool(self.allow) != (self.policy == "list"):
            raise ValueError('`policy = "list"` goes with `allow`, and only that')
        for text in self.allow:
            check_place(text)
        if any(not 0 < port < 1 << 16 for port in self.host_ports):
            raise ValueError("a port is between 1 and 65535")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long a phase may take, on any machine."""

    boot: str = "15 min"
    provision: str = "30 min"
    deploy: str = "30 min"
    check: str = "10 min"

    def __post_init__(self) -> None:
        if not all(parse_duration(text) > 0 for text in (self.boot, self.provision, self.deploy, self.check)):
            raise ValueError("a phase needs more time than none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deploy:
    """A step of the deployment: a script that the VM runs as root, or an Ansible playbook that this machine runs
    against it. `files` are copied beside the script; all are named relative to the scenario."""

    script: str = ""
    playbook: str = ""
    arguments: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    root: bool = True

    def __post_init__(self) -> None:
        if bool(self.script) == bool(self.playbook):
            raise ValueError("give either `script` or `playbook`")
        for text in filter(None, (self.script, self.playbook, *self.files)):
            check_file(text)
        if self.playbook and (self.arguments or self.files):
            raise ValueError("`arguments` and `files` go with a script")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """What must hold afterwards. `skip`: built-in checks that are left out; `files`: TOML (or goss YAML) checks;
    `testinfra`: Python tests; `ports`: all that may listen on other than loopback, as `tcp/22` (empty: not looked at);
    `egress`: the places that it may have contacted, as in [egress] (empty: not looked at); `after_reboot`: all checks
    are made again after a restart. `boot_time`, `memory`, `disk`: limits, of which the last is of the used space on /.
    """

    skip: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    testinfra: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    egress: tuple[str, ...] = ()
    boot_time: str = ""
    memory: str = ""
    disk: str = ""
    agents: tuple[Literal["cloud-init", "waagent"], ...] = ()
    after_reboot: bool = False
    ignore_units: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in self.skip:
            if name not in BUILT_IN:
                raise ValueError(f"{name!r} is no built-in check; they are {', '.join(BUILT_IN)}")
        for text in (*self.files, *self.testinfra):
            check_file(text)
        for text in self.ports:
            found = PORT.fullmatch(text)
            if found is None or not 0 < int(found[2]) < 1 << 16:
                raise ValueError(f"{text!r} is not a port; write tcp/22 or udp/53")
        for text in self.egress:
            check_place(text)
        if self.boot_time:
            parse_duration(self.boot_time)
        for text in filter(None, (self.memory, self.disk)):
            parse_size(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Static:
    """The check before anything runs. `mode`: `fail` stops the trial at an error, `report` only tells, `off`.

    `files`: more to look at than the scenario's own scripts, cloud-config and playbooks.
    """

    mode: Literal["fail", "report", "off"] = "report"
    files: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for text in self.files:
            check_file(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """All of it. `image`: one of the project, or a file beside the scenario (raw, qcow2, VHD, VHDX).

    `repositories`: whether the repositories that an image of the project was made from are served to it (`own`).
    """

    image: str
    schema: int = SCHEMA
    name: str = ""
    repositories: Literal["own", "none"] = "own"
    vm: Vm = field(default_factory=Vm)
    faults: Faults = field(default_factory=Faults)
    events: tuple[Event, ...] = ()
    egress: Egress = field(default_factory=Egress)
    limits: Limits = field(default_factory=Limits)
    static: Static = field(default_factory=Static)
    deploy: tuple[Deploy, ...] = ()
    checks: Checks = field(default_factory=Checks)

    def __post_init__(self) -> None:
        if self.schema != SCHEMA:
            raise ValueError(f"schema {self.schema} is not known to this Boatyard, which knows {SCHEMA}")
        if not self.image:
            raise ValueError("image is empty")


def check_file(text: str) -> None:
    """ValueError unless it names a file in the scenario's folder or below."""
    if not FILE.fullmatch(text) or ".." in text.split("/"):
        raise ValueError(f"{text!r} names no file beside the scenario")


def check_place(text: str) -> None:
    """ValueError unless it is `host[:port]`, where the host may be a name, an address or a network."""
    try:
        egress("list", (text,))
    except ConfigError as error:
        problem = error.problems[0]
        raise ValueError(f"{problem.what}; {problem.hint}") from None
