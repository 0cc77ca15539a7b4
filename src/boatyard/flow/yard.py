"""A project with the place and the means to build it: what every stage of a flow is handed."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard.flow.mirror import SeedMirror
from boatyard.rpm.key import SigningKey, find_or_make_key, keys_dir
from boatyard.sources.deb.mirror import find_mirror

if TYPE_CHECKING:
    from boatyard.config.project import Project
    from boatyard.flow.ports import Ports
    from boatyard.flow.workspace import Workspace
    from boatyard_boot.arch import Arch


@dataclass(frozen=True, slots=True, kw_only=True)
class Yard:
    """All of it for one architecture. `key` signs what is published; `mirror` is where seeds come from."""

    project: Project
    workspace: Workspace
    arch: Arch
    ports: Ports
    key: SigningKey
    mirror: SeedMirror


def open_yard(
    project: Project, workspace: Workspace, arch: Arch, ports: Ports, *, mirror: str = "", security_mirror: str = ""
) -> Yard:
    """A yard; the project's key is made on first use. The addresses take the place of those of the host's apt."""
    name = re.sub(r"[^A-Za-z0-9_.-]", "-", project.name)
    signing = project.signing
    key = find_or_make_key(
        keys_dir(os.environ) / name, signing.name or name, signing.email or f"{name}@localhost", ports.run
    )
    seeds = SeedMirror(
        project.seeds,
        lambda: find_mirror(environ=os.environ, main=mirror, security=security_mirror),
        workspace.downloads,
        ports,
        arch,
    )
    return Yard(project=project, workspace=workspace, arch=arch, ports=ports, key=key, mirror=seeds)
