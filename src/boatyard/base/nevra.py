"""RPM versions and package names: evr order (rpm's rpmvercmp, with ~ and ^) and nevra."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Self

_SEGMENT = re.compile(r"[0-9]+|[a-zA-Z]+|~|\^")


def rpmvercmp(left: str, right: str) -> int:
    """-1, 0 or 1: the order of two version or release strings (rpm manual, "rpm-version(7)")."""
    if left == right:
        return 0
    ours, theirs = _SEGMENT.findall(left), _SEGMENT.findall(right)
    for index in range(max(len(ours), len(theirs))):
        a = ours[index] if index < len(ours) else ""
        b = theirs[index] if index < len(theirs) else ""
        if a == b:
            continue
        order = _compare_segments(a, b)
        if order:
            return order
    return 0


def _compare_segments(a: str, b: str) -> int:
    if "~" in (a, b):  # sorts before everything, even the end
        return -1 if a == "~" else 1
    if "^" in (a, b):  # sorts after the end, before everything else
        if a == "^":
            return 1 if b == "" else -1
        return -1 if a == "" else 1
    if not a or not b:
        return 1 if a else -1
    if a.isdigit() != b.isdigit():
        return 1 if a.isdigit() else -1
    if a.isdigit():
        left, right = ((len(digits), digits) for digits in (a.lstrip("0"), b.lstrip("0")))  # of any length
        return (left > right) - (left < right)
    return (a > b) - (a < b)


@functools.total_ordering
@dataclass(frozen=True, slots=True)
class Evr:
    """Epoch, version, release. An epoch of 0 is not written."""

    version: str
    release: str = ""
    epoch: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """`[E:]V[-R]`; ValueError for an epoch that is no number or an empty version."""
        epoch, colon, rest = text.rpartition(":")
        version, _, release = rest.rpartition("-") if "-" in rest else (rest, "", "")
        if not version or (colon and not epoch.isdigit()):
            raise ValueError(f"{text!r} is not [epoch:]version[-release]")
        return cls(version, release, int(epoch or 0))

    def __lt__(self, other: Evr) -> bool:
        if self.epoch != other.epoch:
            return self.epoch < other.epoch
        return (rpmvercmp(self.version, other.version) or rpmvercmp(self.release, other.release)) < 0

    def __str__(self) -> str:
        text = f"{self.version}-{self.release}" if self.release else self.version
        return f"{self.epoch}:{text}" if self.epoch else text


@dataclass(frozen=True, slots=True)
class Nevra:
    """Name, epoch, version, release and architecture of one package."""

    name: str
    evr: Evr
    arch: str

    def __str__(self) -> str:
        return f"{self.name}-{self.evr}.{self.arch}"

    @property
    def file_name(self) -> str:
        """rpm's file name, which leaves the epoch out."""
        return f"{self.name}-{self.evr.version}-{self.evr.release}.{self.arch}.rpm"
