"""What `boatyard demo` made and measured; its JSON is described in docs/reference/demo-result.md."""

from boatyard.artifact.codec import Artifact


class CheckRow(Artifact, frozen=True):
    """One check: what was expected, what was found. `detail` is the evidence when it failed."""

    name: str
    ok: bool
    found: str
    detail: str = ""


class MachineRow(Artifact, frozen=True):
    """One boot of one image. Seconds from power-on to the login prompt; memory in use at idle in bytes.

    Of an installation (medium `installation`) `installed_s` is the time from power-on to the installer's end, and
    `boot_s` that to the login prompt of the installed system; nothing was installed when `installed_s` is 0.

    `biggest_processes` by memory and `slowest_units` by start time, ten of each: the causes when a budget is exceeded.
    """

    image: str
    firmware: str
    medium: str
    accelerator: str
    boot_s: float
    memory: int
    checks: tuple[CheckRow, ...]
    biggest_processes: tuple[str, ...] = ()
    slowest_units: tuple[str, ...] = ()
    installed_s: float = 0.0

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)


class TrialRow(Artifact, frozen=True):
    """The trial of a sample deployment on an image. `ready_s`: from power-on until an agent reported that the VM is
    ready. `phases`: from the static check to the checks after the deployment. `report`: the file with all of it."""

    scenario: str
    image: str
    generation: str
    accelerator: str
    passed: bool
    reason: str
    ready_s: float
    seconds: float
    phases: tuple[CheckRow, ...]
    report: str


class BudgetRow(Artifact, frozen=True):
    """A limit of the configuration and what was measured; bytes, or seconds when `unit` is s.

    `reference`: the same figure of Azure Linux 4, for comparison; empty when none is known. `causes`: the biggest
    contributors when the budget is exceeded.
    """

    name: str
    unit: str
    limit: float
    measured: float
    reference: str = ""
    causes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return self.measured <= self.limit


class ImageRow(Artifact, frozen=True):
    """One image file. Sizes in bytes."""

    name: str
    format: str
    path: str
    size: int
    sha256: str


class ChannelRow(Artifact, frozen=True):
    """One signed repository."""

    name: str
    path: str
    packages: int
    size: int


class StageRow(Artifact, frozen=True):
    """A stage of the run and its duration in seconds."""

    name: str
    seconds: float


class DemoResult(Artifact, frozen=True):
    """The whole run. `built` of `components` were built now, the others came from the store."""

    ok: bool
    distribution: str
    version: str
    arch: str
    components: int
    built: int
    packages: int
    installed_packages: int
    installed_size: int
    channels: tuple[ChannelRow, ...]
    images: tuple[ImageRow, ...]
    machines: tuple[MachineRow, ...]
    budgets: tuple[BudgetRow, ...]
    stages: tuple[StageRow, ...]
    seconds: float
    trial: TrialRow | None = None
