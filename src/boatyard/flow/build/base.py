"""What there is before anything is built in a buildroot: seed components, and what the host builds to begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.config.model.seed import DebSpec
from boatyard.flow.build.seed import build_seeds
from boatyard.flow.source import plan_sources

if TYPE_CHECKING:
    from boatyard.artifact.build_result import BuildResult
    from boatyard.flow.yard import Yard


def base_packages(yard: Yard) -> tuple[list[BuildResult], int]:
    """What buildroots can be made of before anything is built in one, and how many of it were built just now."""
    everything = yard.project.components
    base = [one for one in everything.values() if isinstance(one.spec, DebSpec)]
    base += [everything[name] for name in yard.project.buildroot.bootstrap]
    return build_seeds(yard, plan_sources(yard, base))
