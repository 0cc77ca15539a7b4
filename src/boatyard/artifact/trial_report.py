"""What a trial found: written as `report.json`, described in docs/reference/trial-report.md. Seconds from power-on."""

from typing import Literal

from boatyard.artifact.codec import Artifact

PhaseName = Literal["static", "boot", "provision", "deploy", "check"]
Outcome = Literal["passed", "failed", "skipped", "unknown"]

SCHEMA = 1
# What `trial run` exits with when a phase is the first that failed.
EXIT_CODES: dict[PhaseName, int] = {"static": 20, "boot": 30, "provision": 40, "deploy": 50, "check": 60}
TITLES: dict[PhaseName, str] = {
    "static": "static check",
    "boot": "boot",
    "provision": "provisioning",
    "deploy": "deployment",
    "check": "checks",
}


class PhaseRow(Artifact, frozen=True, kw_only=True):
    """A part of the trial. `from_snapshot`: it ran in an earlier trial, whose machine was restored."""

    name: PhaseName
    outcome: Outcome
    seconds: float
    reason: str = ""
    from_snapshot: bool = False


class TrialCheck(Artifact, frozen=True, kw_only=True):
    """One thing that was looked at. `found`: in a line; `detail`: the evidence, for a failure; `hint`: the cure.

    `after_reboot`: it was looked at once more after the machine had restarted. `place`: `file:line` of what asked.
    """

    phase: PhaseName
    name: str
    outcome: Outcome
    found: str
    detail: str = ""
    hint: str = ""
    seconds: float = 0.0
    place: str = ""
    after_reboot: bool = False


class Moment(Artifact, frozen=True, kw_only=True):
    """A point of the timeline. `lane`: machine, dhcp, wireserver, hostga, imds, network, fabric, deploy or check."""

    at_s: float
    lane: str
    what: str
    status: int = 0
    agent: str = ""
    note: str = ""


class Contact(Artifact, frozen=True, kw_only=True):
    """Where the guest went, once for each place: `tcp 192.0.2.1:443`, the name it had asked for, whether it passed."""

    at_s: float
    place: str
    name: str = ""
    passed: bool = True


class SeenCommand(Artifact, frozen=True, kw_only=True):
    """A command that a shell of the guest did not find, or that the static check said it would not find.

    `expected`: the static verdict (`missing`, `present`, `unknown`, or `` when no file uses it).
    `seen`: whether the guest said `command not found`. Both, or neither, means that they agree.
    """

    name: str
    expected: Literal["missing", "present", "unknown", ""]
    seen: bool


class TrialImage(Artifact, frozen=True, kw_only=True):
    """The image. `sha256` of the file as it is; `built_here`: Boatyard knows what is in it, from its manifest."""

    path: str
    format: str
    sha256: str
    name: str = ""
    built_here: bool = False


class TrialReport(Artifact, frozen=True, kw_only=True):
    """The whole trial. `failed_phase`: the first that failed; `reason`: why, in a line.

    `snapshot`: `none`, `saved` (for the next trial) or `restored`. `not_emulated`: how this cloud differs from Azure,
    in sentences, for this machine. `console`: the last lines of the serial console.
    """

    schema: int = SCHEMA
    scenario: str
    image: TrialImage
    machine: str
    generation: Literal["gen1", "gen2"]
    accelerator: str
    snapshot: Literal["none", "saved", "restored"]
    passed: bool
    failed_phase: PhaseName | None = None
    reason: str = ""
    started: str = ""
    seconds: float
    ready_s: float = 0.0
    phases: tuple[PhaseRow, ...]
    checks: tuple[TrialCheck, ...]
    moments: tuple[Moment, ...] = ()
    contacts: tuple[Contact, ...] = ()
    commands: tuple[SeenCommand, ...] = ()
    not_emulated: tuple[str, ...] = ()
    console: str = ""

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.failed_phase] if self.failed_phase is not None else 0
