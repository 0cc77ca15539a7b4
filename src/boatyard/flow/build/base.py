"""What there is before anything is built in a buildroot: seed components, and what the host builds to begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.config.model.seed import DebSpec
from boatyard.flow.build.seed import build_seeds
from boatyard.flow.source import plan_sources

if TYPE_CHECKING:
    from boatyard.artifact.build_result import BuildResult
    from boatyard.config.model.component import Component
    from boatyard.config.project import Project
    from boatyard.flow.yard import Yard


def base_packages(yard: Yard) -> tuple[list[BuildResult], int]:
    """What buildroots can be made of before anything is built in one, and how many of it were built just now."""
    return build_seeds(yard, plan_sources(yard, base_components(yard.project)))


def base_components(project: Project) -> list[Component]:
    """The components that the host makes before anything is built in a buildroot."""
    everything = project.components
    base = [one for one in everything.values() if isinstance(one.spec, DebSpec)]
    return base + [everything[name] for name in project.buildroot.bootstrap]
