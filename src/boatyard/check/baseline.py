"""Findings that are known already: matched by rule, need and statement, not by line, each as often as it was there."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from boatyard.base.decodable import decodable
from boatyard.base.error import ConfigError, NotFoundError
from boatyard.check.finding import FileReport, Finding, Report
from boatyard.ports.files import write_atomic

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MAX_BYTES = 64 << 20


class Known(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A finding of a baseline. Only `fingerprint` and `count` decide; the rest is for people who read the file."""

    fingerprint: str
    rule: str
    need: str
    text: str
    count: int = 1


class Baseline(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of known findings."""

    version: int
    findings: tuple[Known, ...]


def baseline_of(report: Report) -> Baseline:
    """All errors and warnings of a report that nothing suppresses."""
    counted = [one for one in report.findings if one.severity != "note" and not one.suppressed]
    times = Counter(one.fingerprint for one in counted)
    known = {one.fingerprint: Known(one.fingerprint, one.rule, f"{one.kind} {one.name}".strip(), one.text,
             times[one.fingerprint])
             for one in counted}  # fmt: skip
    return Baseline(1, tuple(sorted(known.values(), key=lambda one: (one.rule, one.need, one.fingerprint))))


def write_baseline(path: Path, report: Report) -> int:
    """Writes the baseline of a report; how many findings it holds."""
    found = baseline_of(report)
    write_atomic(path, msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    return sum(one.count for one in found.findings)


def read_baseline(path: Path) -> Baseline:
    """The baseline in a file; ConfigError when it is none."""
    hint = "make it again with --write-baseline"
    try:
        if path.exists() and not path.is_file():  # a device may have no end
            raise ConfigError(f"{path} is not a plain file", hint=hint)
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError(f"{path} is too long for a baseline", hint=hint)
        found = msgspec.json.decode(path.read_bytes(), type=decodable(Baseline))
    except FileNotFoundError:
        raise NotFoundError(f"{path} does not exist", hint="--write-baseline makes it") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{path} is not a baseline: {error}", hint=hint) from None
    if found.version != 1:
        raise ConfigError(f"{path} is a baseline of version {found.version}; this Boatyard knows version 1", hint=hint)
    return found


def without_known(report: Report, baseline: Baseline) -> Report:
    """The report with known findings marked as such."""
    left = Counter({one.fingerprint: one.count for one in baseline.findings})
    return Report(report.image, tuple(_marked(file, left) for file in report.files))


def _marked(file: FileReport, left: Counter[str]) -> FileReport:
    def marked() -> Iterable[Finding]:
        for one in file.findings:
            known = one.severity != "note" and not one.suppressed and left[one.fingerprint] > 0
            left[one.fingerprint] -= known
            yield replace(one, baseline=known)

    return replace(file, findings=tuple(marked()))
