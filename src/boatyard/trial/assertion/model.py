"""What a file of checks says, as values: resources of the guest, and what their attributes are expected to be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from typing import Literal as OneOf

from boatyard.trial.assertion.matcher import Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from boatyard.trial.assertion.matcher import Matcher

# How an attribute is written: `lines` is text that patterns look into, `mode` permissions in octal digits, `spaced`
# text in which any white space is one space.
Sort = OneOf["bool", "number", "text", "spaced", "mode", "list", "lines", "any"]
DEFAULT_TIMEOUT_S = 60.0
TRUE = Literal("true", flag=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of resource. `target`: the key that names the resource when the table's own name does not.

    `first`: the attribute, true or false, that decides whether there is anything else to look at. `implied`: what a
    table that expects nothing means, an attribute and its value, if it is not `first` alone. `options`: keys that say
    how to look. `unsupported`: those of goss that cannot be honoured here.
    """

    target: str
    attributes: Mapping[str, Sort]
    first: str = ""
    implied: tuple[str, Literal] | None = None
    options: tuple[str, ...] = ()
    unsupported: tuple[str, ...] = ()


KINDS: dict[str, Kind] = {
    "file": Kind(
        target="path",
        first="exists",
        attributes={
            "exists": "bool", "mode": "mode", "owner": "text", "group": "text", "uid": "number", "gid": "number",
            "size": "number", "filetype": "text", "linked-to": "text", "contents": "lines", "contains": "lines",
            "md5": "text", "sha256": "text", "sha512": "text",
        },
    ),
    "package": Kind(
        target="name", first="installed", attributes={"installed": "bool", "version": "list", "versions": "list"}
    ),
    "service": Kind(
        target="name",
        attributes={"enabled": "bool", "running": "bool"},
        implied=("running", TRUE),
        unsupported=("runlevels",),
    ),
    "port": Kind(target="port", first="listening", attributes={"listening": "bool", "ip": "list"}),
    "command": Kind(
        target="exec",
        attributes={"exit-status": "number", "stdout": "lines", "stderr": "lines"},
        implied=("exit-status", Literal("0", 0.0)),
        options=("timeout",),
    ),
    "user": Kind(
        target="username",
        first="exists",
        attributes={
            "exists": "bool", "uid": "number", "gid": "number", "home": "text", "shell": "text", "groups": "list",
        },
    ),
    "group": Kind(target="groupname", first="exists", attributes={"exists": "bool", "gid": "number"}),
    "process": Kind(target="comm", first="running", attributes={"running": "bool"}),
    "mount": Kind(
        target="mountpoint",
        first="exists",
        attributes={
            "exists": "bool", "source": "text", "filesystem": "text", "opts": "list", "vfs-opts": "list",
            "usage": "number",
        },
        options=("timeout",),
    ),
    "kernel-param": Kind(target="name", attributes={"value": "spaced"}),
    "interface": Kind(
        target="name", first="exists", attributes={"exists": "bool", "addrs": "list", "mtu": "number"}
    ),
    "dns": Kind(
        target="resolve",
        first="resolvable",
        attributes={"resolvable": "bool", "resolveable": "bool", "addrs": "list"},
        options=("timeout",),
        unsupported=("server",),
    ),
    "addr": Kind(
        target="address",
        first="reachable",
        attributes={"reachable": "bool"},
        options=("timeout",),
        unsupported=("local-address",),
    ),
    "http": Kind(
        target="url",
        attributes={"status": "number", "headers": "lines", "body": "lines"},
        options=(
            "timeout", "allow-insecure", "no-follow-redirects", "method", "request-headers", "request-body",
        ),
        unsupported=("username", "password", "ca-file", "cert-file", "key-file", "proxy"),
    ),
    "matching": Kind(target="", attributes={"matches": "any"}, options=("content",)),
}  # fmt: skip
SYNONYMS = {"contains": "contents", "resolveable": "resolvable"}
COMMON = ("title", "meta", "skip")


@dataclass(frozen=True, slots=True)
class Expectation:
    """What an attribute is expected to be; `line` of the file."""

    attribute: str
    matcher: Matcher
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """A resource. `name`: as the file calls it; `target`: what is looked at. `skip`: it is not looked at.

    `unsupported`: why it cannot be looked at here; empty when it can.
    """

    kind: str
    name: str
    target: str
    file: Path
    line: int
    expected: tuple[Expectation, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)
    timeout_s: float = DEFAULT_TIMEOUT_S
    skip: bool = False
    unsupported: str = ""


@dataclass(frozen=True, slots=True)
class Assertions:
    """All of a file."""

    file: Path
    items: tuple[Assertion, ...]
