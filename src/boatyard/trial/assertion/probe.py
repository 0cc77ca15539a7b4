"""How the guest is asked for the resources of a kind, and what its answers say of one of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from boatyard.trial.assertion.model import SYNONYMS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from boatyard.trial.assertion.model import Assertion
    from boatyard.trial.section import Answers, Section

Facts = dict[str, Any]  # values by attribute: bool, number, text, list, table or Answer
CONTENT_LIMIT = 256 << 10
OUTPUT_LIMIT = 64 << 10


class UnknownError(Exception):
    """The guest cannot tell; the message says why."""


@dataclass(frozen=True, slots=True)
class Probe:
    """`sections`: what is asked for all resources of the kind together. `facts`: of one of them; UnknownError."""

    sections: Callable[[Sequence[Assertion]], list[Section]]
    facts: Callable[[Assertion, Answers], Facts]


def key(kind: str, *words: str) -> str:
    """The name of a section that is about one resource only."""
    return f"{kind}-{hashlib.sha256(chr(0).join(words).encode()).hexdigest()[:24]}"


def wants(assertion: Assertion, *attributes: str) -> bool:
    """Whether one of the attributes is expected to be something."""
    names = {SYNONYMS.get(name, name) for name in attributes}
    return any(one.attribute in names for one in assertion.expected)


def limited(assertion: Assertion) -> str:
    """Shell that puts `timeout` into $T when the guest has it, so that `$T command` ends in time."""
    seconds = max(1, round(assertion.timeout_s))
    return f'T=; command -v timeout >/dev/null 2>&1 && T="timeout {seconds}"'
