"""What an audit of reused results found."""

from __future__ import annotations

from typing import Literal

from boatyard.artifact.codec import Artifact

AuditVerdict = Literal["same", "other content", "unsound", "not reproducible", "does not build"]


class PackageDifference(Artifact, frozen=True):
    """How a package that was reused differs from the one a strict build gives; see `rpm.compare.Comparison`."""

    package: str
    interface: tuple[str, ...]
    payload: tuple[str, ...]


class AuditRow(Artifact, frozen=True):
    """One reused result. `other content`: builds cannot tell it from the new one; `not reproducible`: two builds in the
    same buildroot differ as well, so that nothing follows; `does not build`: what was reused hid an error."""

    component: str
    key: str
    verdict: AuditVerdict
    packages: tuple[PackageDifference, ...] = ()
    error: str = ""

    @property
    def is_unsound(self) -> bool:
        """Whether the result should not have been reused."""
        return self.verdict in ("unsound", "does not build")


class AuditReport(Artifact, frozen=True):
    """`reused`: how many results were reused, of which those in `rows` were built anew. `share` as asked for."""

    share: str
    seed: str
    reused: int
    rows: tuple[AuditRow, ...]

    @property
    def unsound(self) -> tuple[str, ...]:
        """The components whose results should not have been reused."""
        return tuple(row.component for row in self.rows if row.is_unsound)
