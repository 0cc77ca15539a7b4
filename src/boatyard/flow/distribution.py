"""From components to the signed repositories they are published in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard.flow.build.run import Built, build_components
from boatyard.flow.compose import compose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boatyard.artifact.repo_snapshot import Compose
    from boatyard.config.model.component import Component
    from boatyard.flow.yard import Yard


@dataclass(frozen=True, slots=True)
class Made:
    """What was built and what was published of it."""

    built: Built
    compose: Compose


def make_repositories(yard: Yard, components: Sequence[Component]) -> Made:
    """Builds components and publishes all of them as one snapshot."""
    built = build_components(yard, components)
    return Made(built, compose(yard, built.results))
