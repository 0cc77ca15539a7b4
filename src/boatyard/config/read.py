"""Reads one TOML file. The file is not trusted: its size is bounded, and it must be a plain file."""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING, Any

from boatyard.config.fault import Fault

if TYPE_CHECKING:
    from pathlib import Path

# The marks that git, Mercurial and Subversion leave; inside a long string they may be meant.
_CONFLICT = re.compile(r"^(?:<{7}|\|{7}|={7}|>{7})(?: |\r?$)", re.MULTILINE)
MAX_BYTES = 32 << 20  # thirty times the largest file of a real distribution


def read_toml(path: Path) -> dict[str, Any] | Fault:
    """The content of a TOML 1.0 file, or what is wrong with it (with the line)."""
    text = read_text(path)
    if isinstance(text, Fault):
        return text
    try:
        return parse(text)
    except ValueError as error:
        detail = f'project config file "{path}" contains invalid data'
        if conflict := _CONFLICT.search(text):
            line = text.count("\n", 0, conflict.start()) + 1
            return Fault(path, (), "an unresolved merge conflict", "choose a side and remove the marks", line, detail)
        what, line = _syntax(str(error))
        return Fault(path, (), what, "TOML 1.0 is described at toml.io", line, detail)


def read_text(path: Path) -> str | Fault:
    """The text of a plain UTF-8 file of at most MAX_BYTES, or what is wrong with it."""
    try:
        # Not blocking, so that a named pipe is seen for what it is instead of waited for.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            data = _content(handle)
        finally:
            os.close(handle)
    except (OSError, ValueError) as error:
        return Fault(path, (), f"cannot read it: {getattr(error, 'strerror', error)}")
    if data is None:
        return Fault(path, (), "not a plain file", "name a file; folders, pipes and devices are not read")
    if len(data) > MAX_BYTES:
        return Fault(path, (), f"larger than {MAX_BYTES >> 20} MiB", "split it into several files")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return Fault(path, (), "not UTF-8", "TOML files are UTF-8: convert it", line)


def _content(handle: int) -> bytes | None:
    """What an open plain file holds, at most one byte more than allowed; None when it is no plain file."""
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        return None
    data = chunk = os.read(handle, min(status.st_size, MAX_BYTES) + 1)
    while chunk and len(data) <= MAX_BYTES:  # it may grow, and files of /proc have no size
        chunk = os.read(handle, MAX_BYTES + 1 - len(data))
        data += chunk
    return data


def parse(text: str) -> dict[str, Any]:
    """The content of TOML text; ValueError tells line and column."""
    try:
        import rtoml
    except ImportError:  # no wheel for this machine; the standard library gives the same, ten times slower
        import tomllib

        try:
            return tomllib.loads(text)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error
    content: dict[str, Any] = rtoml.loads(text)
    return content


def _syntax(message: str) -> tuple[str, int]:
    """A parser's message without its place, and the line."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    match = re.search(r"(?:at )?\(?(?:at )?line (\d+),? column \d+\)?", message)
    words = [re.sub(r"\s*\(?(?:at )?\(?at line \d+,? column \d+\)?", "", line) for line in lines]
    told = "; ".join(word for word in words if not re.match(r"TOML parse error|\d* *\|", word)) or "malformed"
    return f"not valid TOML: {told}", int(match[1]) if match else 0
