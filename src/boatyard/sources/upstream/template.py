"""Addresses made from templates: `https://git.example.org/rpms/$pkg.git` (rules of the azldev format)."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from boatyard.base.error import ConfigError

_PLACE = re.compile(r"\$(pkg|filename|hashtype|hash)")  # the longer of two names that begin alike comes first
_KEPT = "$&+=:@"  # what Go's url.PathEscape leaves alone besides letters, digits and -_.~


def fill_template(template: str, **values: str) -> str:
    """The address that a template makes, each value escaped as one segment of a path; `hashtype` in lower case.

    ConfigError when a value holds a placeholder itself, or the result has no scheme, or (unless file:) no host.
    """

    def value_of(match: re.Match[str]) -> str:
        name = match[1]
        if name not in values:
            return match[0]
        value = values[name].lower() if name == "hashtype" else values[name]
        if _PLACE.search(value):
            raise ConfigError(f"{value!r} cannot stand in an address: it holds a placeholder itself")
        return quote(value, safe=_KEPT)

    address = _PLACE.sub(value_of, template)
    try:
        parts = urlsplit(address)
        usable = parts.scheme and (parts.hostname or parts.scheme == "file")
    except ValueError:
        usable = False
    if not usable or any(char.isspace() or not char.isprintable() for char in address):
        raise ConfigError(
            f"the template {template!r} makes no address: {address!r}",
            hint="it needs a scheme and a host, as in https://git.example.org/rpms/$pkg.git",
        )
    return address
