"""Where a VM may go: anywhere, to the places of a list, or nowhere but to its cloud. Pure."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING, Literal

from boatyard.base.error import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_PORT = (1 << 16) - 1
LONGEST_NAME = 253
_PORT = re.compile("[0-9]{1,5}")
HINT = "write a host name (*.example.org), an IPv4 address or a network (192.0.2.0/24), with :port or without"


@dataclass(frozen=True, slots=True)
class Place:
    """A target that is allowed: hosts by the pattern of their names, or a network; `port` 0 means all ports."""

    name: str = ""
    network: IPv4Network | None = None
    port: int = 0

    def covers(self, address: IPv4Address, port: int, names: Iterable[str]) -> bool:
        """Whether it is this place; `names`: those that led the VM to the address. Port 0: of no port."""
        if self.port and self.port != port:
            return False
        if self.network is not None:
            return address in self.network
        return any(self.means(name) for name in names)

    def means(self, name: str) -> bool:
        """Whether a host name is of this place."""
        return bool(self.name) and fnmatch.fnmatchcase(name, self.name)


@dataclass(frozen=True, slots=True)
class Egress:
    """What a VM may reach besides its cloud. `allow` counts for the policy `list` alone."""

    policy: Literal["open", "list", "none"] = "none"
    allow: tuple[Place, ...] = ()

    def passes(self, address: IPv4Address, port: int, names: Iterable[str]) -> bool:
        """Whether it may go there; port 0 for protocols without ports."""
        if self.policy == "list":
            return any(place.covers(address, port, names) for place in self.allow)
        return self.policy == "open"

    def resolves(self, name: str) -> bool:
        """Whether the cloud's resolver looks up a name; for a list with addresses any may lead to one of them."""
        if self.policy == "list":
            return self.has_addresses or any(place.means(name) for place in self.allow)
        return self.policy == "open"

    @property
    def has_addresses(self) -> bool:
        return any(place.network is not None for place in self.allow)


OPEN, CLOUD_ONLY = Egress("open"), Egress("none")


def egress(policy: Literal["open", "list", "none"], allow: Iterable[str] = ()) -> Egress:
    """The policy with its places as they are written in scenarios; ConfigError for what is none."""
    return Egress(policy, tuple(map(_place, allow)))


def _place(text: str) -> Place:
    host, colon, digits = text.lower().rstrip(".").partition(":")
    try:
        port = int(digits) if colon else 0
        if colon and not (_PORT.fullmatch(digits) and 0 < port <= MAX_PORT):
            raise ValueError
        if host.replace(".", "").replace("/", "").isdigit():
            return Place(network=IPv4Network(host), port=port)
    except ValueError as error:
        raise ConfigError(
            f"{text!r} is no place: {error}" if str(error) else f"{text!r} is no place", hint=HINT
        ) from None
    if not host or len(host) > LONGEST_NAME or set(host) - set("abcdefghijklmnopqrstuvwxyz0123456789.-_*"):
        raise ConfigError(f"{text!r} is no place", hint=HINT)
    return Place(name=host, port=port)
