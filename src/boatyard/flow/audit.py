"""An audit of reuse: some results that were reused are built anew, strictly, and compared with what was reused.

Every difference that a build could see is a counter-example to the rules of `rpm.interface`.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import TYPE_CHECKING

from boatyard.artifact.audit import AuditReport, AuditRow, PackageDifference
from boatyard.base.digest import sha256_bytes
from boatyard.base.error import BuildError, CheckError, ConfigError
from boatyard.rpm.compare import compare_rpms

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from boatyard.artifact.audit import AuditVerdict
    from boatyard.artifact.build_result import BuildResult, RpmFile

_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,6})?)%", re.ASCII)


def parse_share(text: str) -> Fraction:
    """`1%`, `0.5%`, `100%` as a fraction; ConfigError for anything else."""
    found = _SHARE.fullmatch(text)
    share = Fraction(found[1]) / 100 if found else Fraction(2)
    if not 0 <= share <= 1:
        raise ConfigError(f"{text!r} is no share of the results", hint="give a percentage from 0% to 100%, such as 1%")
    return share


def choose(reused: Sequence[BuildResult], share: Fraction, seed: str) -> list[BuildResult]:
    """A share of the results at random, at least one unless the share is 0, in their order.

    The same for the same seed; with the day as seed every result has its turn. Whether a result is chosen depends on
    its key, not on the order or the names of the others.
    """
    count = math.ceil(len(reused) * share)
    by_chance = sorted(reused, key=lambda result: sha256_bytes(f"{seed}\0{result.key}".encode()))
    chosen = {id(result) for result in by_chance[:count]}
    return [result for result in reused if id(result) in chosen]


def audit(
    reused: Sequence[BuildResult],
    rebuild: Callable[[BuildResult], BuildResult],
    *,
    share: str,
    seed: str,
) -> AuditReport:
    """Builds a share of the reused results anew and tells what differs. `rebuild`: a strict build that reuses nothing.

    A result that differs is built once more, to tell what comes of reuse from what no two builds have in common.
    """
    chosen = choose(reused, parse_share(share), seed)
    return AuditReport(
        share=share, seed=seed, reused=len(reused), rows=tuple(_audited(result, rebuild) for result in chosen)
    )


def check_audit(report: AuditReport) -> None:
    """CheckError when a result should not have been reused."""
    if report.unsound:
        raise CheckError(
            f"{len(report.unsound)} of {len(report.rows)} results should not have been reused:"
            f" {', '.join(report.unsound[:8])}",
            hint="build with --strict, and report what differs: the rules of interfaces miss it",
        )


def _audited(result: BuildResult, rebuild: Callable[[BuildResult], BuildResult]) -> AuditRow:
    try:
        again = rebuild(result)
        differences = differing_packages(result.rpms, again.rpms)
        verdict: AuditVerdict = "same"
        if differences:
            verdict = "unsound" if any(one.interface for one in differences) else "other content"
            if differing_packages(again.rpms, rebuild(result).rpms):
                verdict = "not reproducible"
    except BuildError as error:
        return AuditRow(component=result.component, key=result.key, verdict="does not build", error=str(error))
    return AuditRow(component=result.component, key=result.key, verdict=verdict, packages=differences)


def differing_packages(before: Sequence[RpmFile], after: Sequence[RpmFile]) -> tuple[PackageDifference, ...]:
    """The packages of two builds that differ, by name and architecture, with what differs."""
    old, new = ({f"{rpm.name}.{rpm.arch}": rpm for rpm in rpms} for rpms in (before, after))
    found = []
    for name in sorted(old.keys() | new.keys()):
        if name not in old or name not in new:
            words = (f"the package is {'new' if name in new else 'gone'}",)
            found.append(PackageDifference(package=name, interface=words, payload=words))
        elif old[name].sha256 != new[name].sha256:
            compared = compare_rpms(old[name].path, new[name].path)
            if compared.payload or compared.interface:
                found.append(PackageDifference(package=name, interface=compared.interface, payload=compared.payload))
    return tuple(found)
