"""Builds the components of a project: seeds on this host, everything else in buildroots of the project's own RPMs."""

from boatyard.flow.build.seed import Built, build_components

__all__ = ["Built", "build_components"]
