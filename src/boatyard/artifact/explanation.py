"""Why a component was built, will be built, or was not: differences of inputs, each with what is behind it."""

from __future__ import annotations

from typing import Literal

from boatyard.artifact.codec import Artifact

Change = Literal["changed", "added", "removed"]
Verdict = Literal[
    "never built", "to be built", "in the store", "nothing changed", "not known yet", "was built", "was reused"
]


class LeafReason(Artifact, frozen=True, tag="leaf"):
    """A leaf of the definition: `spec`, `file some.patch`, `architecture`. Both values; empty for one there is not."""

    leaf: str
    change: Change
    before: str = ""
    after: str = ""


class PackageChange(Artifact, frozen=True):
    """A package of the buildroot. `rebuilt`: the same to builds, not in full; `repacked`: the same in full as well.

    `content`: not the same in full, which counts only in strict builds. `details`: what looks different, in
    sentences, where both packages are still there.
    """

    name: str
    change: Literal["added", "removed", "interface", "content", "rebuilt", "repacked"]
    before: str = ""
    after: str = ""
    details: tuple[str, ...] = ()


class PackagesReason(Artifact, frozen=True, tag="packages"):
    """Packages of one component (empty: of a repository). `because`: why that component was built anew.

    `unexplained`: why `because` says nothing or not all: `not recorded`, `first build`, `told above`, `built more than
    once since`; empty when it says all.
    """

    component: str
    packages: tuple[PackageChange, ...]
    because: tuple[LeafReason | PackagesReason, ...] = ()
    unexplained: Literal["", "not recorded", "first build", "told above", "built more than once since"] = ""


class WaitReason(Artifact, frozen=True, tag="wait"):
    """A component that is to be built first, by itself: only then is it known what this one would be built from."""

    component: str
    verdict: Verdict
    because: tuple[LeafReason | PackagesReason, ...] = ()


Difference = LeafReason | PackagesReason
Reason = LeafReason | PackagesReason | WaitReason


class Explanation(Artifact, frozen=True):
    """`reasons`: of the verdict; `cut_off`: packages that were rebuilt and did not count (early cut-off).

    `last`: why the result in use was built, in the place of the one before; `key`: of that result. `roots`: the leaves
    at the ends of all chains, as `component: leaf`, sorted.
    """

    component: str
    verdict: Verdict
    reasons: tuple[Reason, ...] = ()
    cut_off: tuple[PackagesReason, ...] = ()
    last: tuple[Reason, ...] = ()
    key: str = ""
    roots: tuple[str, ...] = ()
