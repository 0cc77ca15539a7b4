"""Names of resources that a guest can be asked for."""

from __future__ import annotations

import re

from boatyard.trial.assertion.matcher_reader import LONGEST_TEXT, WrittenWrongError

_ADDRESS = re.compile(
    r"(?:(?P<protocol>tcp|udp)://)?(?P<host>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_][A-Za-z0-9._-]*):(?P<port>[0-9]{1,5})"
)
# What a name is made of, and how it is told to people who wrote another.
NAMES: dict[str, tuple[re.Pattern[str], str]] = {
    "file": (re.compile(r"/.*", re.DOTALL), "an absolute path"),
    "mount": (re.compile(r"/.*", re.DOTALL), "an absolute path"),
    "package": (re.compile(r"[A-Za-z0-9][A-Za-z0-9+._~-]*"), "a package's name"),
    "service": (re.compile(r"[A-Za-z0-9:_.\\@-]+"), "a unit's name"),
    "port": (re.compile(r"(?:(?:tcp|udp)6?[:/])?[0-9]{1,5}"), "a port, such as tcp/22"),
    "kernel-param": (
        re.compile(r"[A-Za-z0-9_-]+(?:[./][A-Za-z0-9_:@-]+)*"),
        "a kernel parameter, such as vm.swappiness",
    ),
    "interface": (re.compile(r"(?!\.{1,2}$)[^/\s%]{1,15}"), "an interface's name"),
    "dns": (re.compile(r"[A-Za-z0-9_:][A-Za-z0-9._:-]*"), "a host name"),
    "addr": (_ADDRESS, "an address with its port, such as tcp://192.0.2.1:80"),
    "http": (re.compile(r"https?://[!-~]+"), "a URL with http or https"),
}


def check_name(kind: str, name: str, line: int) -> None:
    """WrittenWrongError unless it can name a resource of that kind."""
    if not name or "\0" in name or len(name) > LONGEST_TEXT:
        raise WrittenWrongError(f"{kind} without a name, or with one that is too long", line)
    if kind in NAMES and not NAMES[kind][0].fullmatch(name):
        raise WrittenWrongError(f"{name!r} is no {kind}", line, f"expected {NAMES[kind][1]}")


def split_port(name: str) -> tuple[str, int]:
    """`tcp/22`, `tcp:22`, `udp6:53` or `22` as protocol and number."""
    protocol, _, number = name.replace("/", ":").rpartition(":")
    return protocol or "tcp", int(number)


def split_address(name: str) -> tuple[str, int] | None:
    """Host and port of `tcp://host:port`; None for other protocols."""
    found = _ADDRESS.fullmatch(name)
    return None if found is None or found["protocol"] == "udp" else (found["host"].strip("[]"), int(found["port"]))
