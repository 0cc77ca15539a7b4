"""Names that become file names, folders, channels or addresses. They are not trusted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

# RFC 3986: scheme, and an authority of which only the host is looked for. (urllib.parse costs 8 ms at every start.)
_ADDRESS = re.compile(
    r"([A-Za-z][A-Za-z0-9+.-]*)://(?:[^/?#@]*@)?([^/?#:@\[\]]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?(?:[/?#].*)?"
)
_CHAR = r"[!-.0-\[\]-~]"  # printable ASCII but for blank, slash and backslash
_FILE_NAME = re.compile(f"{_CHAR}+")
_FILE_NAMES = re.compile(f"(?:{_CHAR}{{1,200}}/)*")  # a slash ends each


def file_name_problem(name: str) -> str:
    """Why a name is no plain file name (azldev's rule for components, scripts, archives …); empty when it is one."""
    if name in ("", ".", ".."):
        return f"{name!r} is not a name"
    if not _FILE_NAME.fullmatch(name):
        return f"{name!r} is not a plain file name: ASCII without blanks, '/' and '\\'"
    if len(name) > 200:
        return f"a name of {len(name)} characters is too long for a file"
    return ""


def are_file_names(names: Collection[str]) -> bool:
    """Whether no name of many has a problem; ten times faster than asking for each."""
    text = "/".join((*names, ""))
    dots = "/./" in f"/{text}" or "/../" in f"/{text}"
    return not dots and text.count("/") == len(names) and _FILE_NAMES.fullmatch(text) is not None


def channel_problem(name: str) -> str:
    """Why a text cannot name a channel; empty is allowed and means that none is given."""
    if name in (".", "..") or any(char in name for char in "/\\\0") or not name.isprintable():
        return f"{name!r} is not the name of a channel: no '/', no '\\', not '.' or '..'"
    return ""


def tree_path_problem(path: str) -> str:
    """Why a text is no path inside a source tree; empty when it is one."""
    if not path or "\0" in path:
        return f"{path!r} is not a path"
    if path.startswith("/"):
        return f"{path!r} is absolute"
    if ".." in path.split("/"):
        return f"{path!r} leaves the source tree"
    return ""


def address_problem(address: str, schemes: tuple[str, ...] = ("http", "https")) -> str:
    """Why a text is no address of one of the schemes, with a host; empty when it is one."""
    if any(char in address for char in "\r\n\0\u2028\u2029"):
        return f"{address!r} holds a line break or NUL"
    match = _ADDRESS.fullmatch(address)
    if match is None or match[1].lower() not in schemes:
        return f"{address!r} is not an address that begins with {' or '.join(f'{name}://' for name in schemes)}"
    return "" if match[2] or match[1].lower() == "file" else f"{address!r} names no host"
