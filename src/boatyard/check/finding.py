"""What a check says: needs with their verdicts, and findings."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from boatyard.base.digest import sha256_bytes
from boatyard.check.step import PROBED, SKIPPED, UNKNOWN, Kind, Need, Place

Severity = Literal["error", "warning", "note"]
Confidence = Literal["high", "medium", "low"]
RANK: dict[Severity, int] = {"note": 0, "warning": 1, "error": 2}


class Verdict(StrEnum):
    """Whether a need is met: in the image (or made before), by a package that could be installed, not at all."""

    PRESENT = "present"
    INSTALLABLE = "installable"
    NOWHERE = "nowhere"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Judged:
    """A need with its verdict. `package`: which has it, or would. `reached`: whether it surely runs."""

    need: Need
    verdict: Verdict
    package: str = ""
    reached: bool = True
    tolerated: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to tell. `kind`, `name`: what it is about. `text`: the statement, on one line.

    `also`: lines with the same again. `suppressed`: the reason given for it, empty when it is not suppressed.
    """

    rule: str
    severity: Severity
    confidence: Confidence
    message: str
    place: Place
    fix: str = ""
    kind: str = ""
    name: str = ""
    verdict: Verdict | None = None
    text: str = ""
    also: tuple[int, ...] = ()
    suppressed: str = ""
    baseline: bool = False

    @property
    def fingerprint(self) -> str:
        """What a finding is recognized by when lines have moved: its rule, its need and its statement."""
        return sha256_bytes("\n".join((self.rule, self.kind, self.name, self.text)).encode())[:32]

    @property
    def counts(self) -> bool:
        """Whether it is neither suppressed nor in the baseline."""
        return not self.suppressed and not self.baseline


@dataclass(frozen=True, slots=True)
class FileReport:
    """What a check says of one file: of which type it is, what it needs, what was found."""

    file: str
    type: str
    needs: tuple[Judged, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What a check says of all files, for one image."""

    image: str
    files: tuple[FileReport, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Those of all files, in the order of the files and lines."""
        return tuple(finding for file in self.files for finding in file.findings)

    def count(self, severity: Severity) -> int:
        """How many findings of a severity count."""
        return sum(finding.severity == severity and finding.counts for finding in self.findings)

    def commands(self, *, perhaps: bool = False) -> dict[str, Verdict]:
        """The verdict on each command, for comparing with what a boot reports as `command not found`.

        Of several uses of a command, the worst that surely runs counts (a use before its installation is missing), with
        `perhaps` also those of which nobody knows whether they run. One that is only asked for is not listed.
        """
        order = (Verdict.PRESENT, Verdict.UNKNOWN, Verdict.INSTALLABLE, Verdict.NOWHERE)
        found: dict[str, Verdict] = {}
        for file in self.files:
            for one in file.needs:
                runs = (one.reached or perhaps) and one.tolerated not in (PROBED, SKIPPED)
                if one.need.kind is Kind.COMMAND and runs and UNKNOWN not in one.need.name:
                    worst = max(one.verdict, found.get(one.need.name, Verdict.PRESENT), key=order.index)
                    found[one.need.name] = worst
        return found

    def missing_commands(self) -> frozenset[str]:
        """The commands that a shell will surely not find when the files run in this image."""
        missing = (Verdict.INSTALLABLE, Verdict.NOWHERE)
        return frozenset(
            one.need.name
            for file in self.files
            for one in file.needs
            if one.need.kind is Kind.COMMAND and one.reached and not one.tolerated and one.verdict in missing
        )


def shown(name: str) -> str:
    """A name for people: what is not known of it as `…`."""
    parts = name.split(UNKNOWN)
    return (
        "".join(part if index % 2 == 0 else "…" for index, part in enumerate(parts))
        if len(parts) % 2
        else "…".join(parts)
    )
