"""Which component provides a capability, by what is known of all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from boatyard.graph.capability import guesses

if TYPE_CHECKING:
    from collections.abc import Iterable


class Knowledge(StrEnum):
    """How it is known, the surest first: the configuration lists it, a spec says it, a naming rule makes it likely."""

    LISTED = "listed"
    TEXT = "text"
    GUESS = "guess"


class Provider(NamedTuple):
    """The component, and how that is known."""

    component: str
    known: Knowledge


@dataclass(slots=True)
class Providers:
    """Filled from the surest knowledge to the least sure: what is said first of a name stands.

    Among components that claim the same at the same time one that is named like it comes first, then the first by name.
    """

    claims: dict[str, Provider] = field(default_factory=dict)
    folded: dict[str, Provider] = field(default_factory=dict)
    found: dict[str, Provider | None] = field(default_factory=dict)

    def add(self, known: Knowledge, provided: Iterable[tuple[str, str]]) -> None:
        """Adds (capability or name of a package, component) pairs."""
        new: dict[str, str] = {}
        for capability, component in provided:
            there = new.get(capability)
            if there is None or (capability != component, component) < (capability != there, there):
                new[capability] = component
        for capability, component in sorted(new.items()):
            provider = Provider(component, known)
            self.claims.setdefault(capability, provider)
            self.folded.setdefault(capability.lower(), provider)
        self.found.clear()

    def find(self, capability: str) -> Provider | None:
        """Who provides it; None when nothing hints at anybody."""
        if capability not in self.found:
            self.found[capability] = self._find(capability)
        return self.found[capability]

    def _find(self, capability: str) -> Provider | None:
        if capability in self.claims:
            return self.claims[capability]
        names = list(guesses(capability))
        for claims, spelled in ((self.claims, names), (self.folded, [name.lower() for name in names])):
            for name in spelled:
                if name in claims:
                    return Provider(claims[name].component, Knowledge.GUESS)
        return None
