"""Resources: RPM repositories, singly or in sets made from a template."""

import re
from typing import Annotated, Literal

import msgspec

from boatyard.config.model.overlay import Text
from boatyard.config.model.struct import Table

# Names go verbatim into dnf section headers and kiwi arguments.
RESOURCE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]*")
# An http, https or absolute file address, or the path of a file; the loader turns a path into a file address.
KeyAddress = Annotated[str, msgspec.Meta(description="address or path of a key")]
# For editors only: the loader says better what is wrong with an address or a name.
Address = Annotated[str, msgspec.Meta(extra_json_schema={"pattern": r"^(https?://[^\s]+)?$"})]
Name = Annotated[str, msgspec.Meta(extra_json_schema={"pattern": f"^{RESOURCE_NAME.pattern}$"})]


class RpmRepo(Table, frozen=True, kw_only=True):
    """`[resources.rpm-repos.<name>]`: an address or a metalink. `$basearch` and the like pass through."""

    description: str = ""
    type: Literal["", "rpm-md"] = ""
    base_uri: Address = ""
    metalink: Address = ""
    disable_gpg_check: bool = False
    gpg_key: KeyAddress = ""
    arches: tuple[str, ...] = ()


class Subrepo(Table, frozen=True, kw_only=True):
    """One repository of a template, below the base address of the set."""

    name: Text
    subpath: Text
    kind: Literal["binary", "debug", "source"] = "binary"


class RpmRepoSetTemplate(Table, frozen=True, kw_only=True):
    """`[resources.rpm-repo-set-templates.<name>]`."""

    description: str = ""
    subrepos: Annotated[tuple[Subrepo, ...], msgspec.Meta(min_length=1)]


class RpmRepoSet(Table, frozen=True, kw_only=True):
    """`[resources.rpm-repo-sets.<name>]`: the repositories of a template at one address."""

    description: str = ""
    template: Text
    base_uri: Annotated[Address, msgspec.Meta(min_length=1)]
    name_prefix: str = ""
    gpg_key: KeyAddress = ""
    disable_gpg_check: bool = False
    arches: tuple[str, ...] = ()
    subrepos: tuple[str, ...] = ()


class Resources(Table, frozen=True, kw_only=True):
    """`[resources]`."""

    rpm_repos: dict[Name, RpmRepo] = msgspec.field(default_factory=dict)
    rpm_repo_set_templates: dict[Name, RpmRepoSetTemplate] = msgspec.field(default_factory=dict)
    rpm_repo_sets: dict[Name, RpmRepoSet] = msgspec.field(default_factory=dict)
