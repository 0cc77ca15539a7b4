"""Boatyard's own packages that run in the distribution, as a source archive for the RPM that brings them."""

from __future__ import annotations

import importlib.util
import io
from pathlib import Path

from boatyard.base.error import SourceError
from boatyard.ports.tar import END, Member, write_tar


def pack_package(name: str) -> bytes:
    """A tar archive of an installed Python package: `<name>/…` with its modules and data, nothing compiled.

    The same files give the same bytes. SourceError when the package is not installed.
    """
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise SourceError(f"the Python package {name} is not installed", hint="install Boatyard again")
    top = Path(spec.submodule_search_locations[0])
    archive = io.BytesIO()
    for path in sorted(top.rglob("*"), key=lambda path: path.relative_to(top).as_posix()):
        if "__pycache__" in path.parts or not path.is_file():
            continue
        data = path.read_bytes()
        mode = 0o755 if path.stat().st_mode & 0o100 else 0o644
        member = Member(f"{name}/{path.relative_to(top).as_posix()}", "file", mode, len(data))
        write_tar(archive, member, io.BytesIO(data))
    archive.write(END)
    return archive.getvalue()
