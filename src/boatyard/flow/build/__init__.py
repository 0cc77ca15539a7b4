"""Builds the components of a project: seeds on this host, everything else in buildroots of the project's own RPMs."""
