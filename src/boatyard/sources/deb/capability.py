"""What RPM distributions say of a package's content and .debs do not: `python3dist(…)` and `pkgconfig(…)`.

rpm's own generators for these are switched off when a component is repackaged, because not every host has them; so
their rules are here. Specs ask for build tools and libraries by these names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from boatyard.sources.deb.rules import PackagedFile

PYTHON = re.compile(
    r"/usr/lib/python3/dist-packages/[^/]+(?:\.dist-info/METADATA|\.egg-info/PKG-INFO|\.egg-info)", re.ASCII
)
PKG_CONFIG = re.compile(r"/usr/(?:lib/[^/]+|share)/pkgconfig/([A-Za-z0-9][A-Za-z0-9+._-]*)\.pc")
MAX_HEADER = 1 << 16
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_VERSION = re.compile(r"[0-9][A-Za-z0-9.+~^_]*")
_FIELD = re.compile(r"^(Name|Version):[ \t]*(\S+)[ \t\r]*$", re.MULTILINE)
_VARIABLE = re.compile(r"^([A-Za-z_][A-Za-z0-9_.]*)[ \t]*=[ \t]*(\S*)[ \t\r]*$", re.MULTILINE)


def capabilities(files: Iterable[PackagedFile]) -> tuple[str, ...]:
    """The capabilities that the files of a package stand for, sorted; what cannot be read stands for none."""
    return tuple(sorted(set(_found(files))))


def _found(files: Iterable[PackagedFile]) -> Iterator[str]:
    for file in files:
        text = file.entry.data[:MAX_HEADER].decode("utf-8", "replace")
        if PYTHON.fullmatch(file.entry.path):
            fields = dict(_FIELD.findall(text.partition("\n\n")[0]))
            if _NAME.fullmatch(fields.get("Name", "")):
                yield f"python3dist({normal_name(fields['Name'])})" + _equal(python_version(fields.get("Version", "")))
        elif match := PKG_CONFIG.fullmatch(file.entry.path):
            yield f"pkgconfig({match[1]})" + _equal(_pkg_config_version(text))


def normal_name(name: str) -> str:
    """A Python distribution's name as compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def python_version(version: str) -> str:
    """A Python version (PEP 440) that rpm orders alike: pre-releases before, post-releases after."""
    version = re.sub(r"[._-]?(a|b|rc|dev)([0-9]+)", r"~\1\2", version)
    return re.sub(r"[.-]?post([0-9]+)", r"^post\1", version)


def _pkg_config_version(text: str) -> str:
    variables = dict(_VARIABLE.findall(text))
    version = dict(_FIELD.findall(text)).get("Version", "")
    return re.sub(r"\$\{([^}]*)\}", lambda match: variables.get(match[1], ""), version)


def _equal(version: str) -> str:
    return f" = {version}" if _VERSION.fullmatch(version) else ""
