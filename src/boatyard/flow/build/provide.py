"""Which components of the build graph a buildroot waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.graph.provider import Knowledge
from boatyard.graph.requirement import capabilities

if TYPE_CHECKING:
    from collections.abc import Iterable

    from boatyard.graph.provider import Providers


def givers(providers: Providers, requirements: Iterable[str], *, guess: bool = False) -> set[str]:
    """The components that give what is required, as lists and specs say. `guess`: and as its name suggests."""
    found = set()
    for requirement in requirements:
        for group in capabilities(requirement):
            for capability in group:
                provider = providers.find(capability)
                if provider is not None and (guess or provider.known is not Knowledge.GUESS):
                    found.add(provider.component)
    return found
