"""The buildroot: what every build may rely on, and what it may use (Boatyard's addition to the azldev format)."""

from typing import Annotated, Literal

import msgspec

from boatyard.config.model.overlay import Text
from boatyard.config.model.struct import Table

Count = Annotated[int, msgspec.Meta(ge=1, le=1 << 31)]


class Buildroot(Table, frozen=True, kw_only=True):
    """`[buildroot]`. `packages`: in every buildroot, with what they require; RPMs come from the components and from
    the repositories of the distribution's `inputs.rpm-build`.

    `bootstrap`: components that buildroots are made of and that are built in one themselves: the host's rpmbuild builds
    them first, that there is a buildroot, and then they are built again in it. The other fields are what one build may
    use: bytes as sizes, times in seconds, `silence-limit-s` the time without a line of output.
    """

    packages: tuple[Text, ...] = ()
    bootstrap: tuple[Text, ...] = ()
    backend: Literal["sandbox", "mock"] = "sandbox"
    memory: Text = "8 GiB"
    disk: Text = "40 GiB"
    processes: Count = 4096
    time_limit_s: Count = 21_600
    silence_limit_s: Count = 3600
