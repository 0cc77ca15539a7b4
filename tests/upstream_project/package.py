"""A package of the test distribution: its spec, what its archives hold, and how the project takes it."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Archives = dict[str, "Mapping[str, str]"]
CHANGELOG = "* Thu Jan 01 2026 Ada <ada@example.org> - 1.0-1\n- Made"
CONTENT = "Made for tests, and does next to nothing."


@dataclass(frozen=True, kw_only=True)
class Package:
    """One component. `archives`: by file name, files by path. `files`: beside the spec, as patches are.

    `config`: TOML of the component, with `$older`, `$web`, `$table` and `$wharf`. `beside`: files of the project beside
    it. `served`: files at addresses of their own. `needs`: the components that its build needs, in no order.
    `upstream`: its name in dist-git, where that differs. `older`: the version of the commit before the one that is
    meant. `weak`: its `sources` are of the old form, with an MD5 only. `local`: the project has the spec itself.
    `merged`: its branch upstream has a merge. `gives`: a file that its packages hold, and text that must be in it.
    """

    name: str
    spec: str
    archives: Archives
    files: Mapping[str, str] = field(default_factory=dict)
    config: str = ""
    beside: Mapping[str, str] = field(default_factory=dict)
    served: Mapping[str, bytes] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    upstream: str = ""
    older: str = "0.9"
    weak: bool = False
    local: bool = False
    merged: bool = False
    gives: tuple[str, str] = ("", "")

    @property
    def source(self) -> str:
        """Its name in dist-git."""
        return self.upstream or self.name


def spec(
    name: str, body: str, *, version: str = "1.0", release: str = "1%{?dist}", noarch: bool = False,
    needs: tuple[str, ...] = (), tags: str = "", changelog: str = CHANGELOG,
) -> str:  # fmt: skip
    """A spec in the usual order; `body` begins with %prep, or with a subpackage."""
    required = "".join(f"BuildRequires:  {need}\n" for need in needs)
    arch = "BuildArch:      noarch\n" if noarch else ""
    head = (
        "%global debug_package %{nil}\n\n"
        f"Name:           {name}\nVersion:        {version}\nRelease:        {release}\n"
        f"Summary:        The {name} of the fleet\nLicense:        MIT\n"
        "URL:            https://fleet.example/%{name}\nSource0:        %{name}-%{version}.tar.gz\n"
        f"{textwrap.dedent(tags).lstrip()}{arch}{required}"
    )
    text = textwrap.dedent(body).strip("\n")
    return f"{head}\n%description\n{CONTENT}\n\n{text}\n\n%changelog\n{changelog}\n"


def tar_gz(top: str, files: Mapping[str, str]) -> bytes:
    """A .tar.gz of files in one folder; equal content gives equal bytes. Files named *.sh can be executed."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path, text in sorted(files.items()):
            member = tarfile.TarInfo(f"{top}/{path}")
            member.size, member.mode = len(text.encode()), 0o755 if path.endswith(".sh") else 0o644
            archive.addfile(member, io.BytesIO(text.encode()))
    return gzip.compress(stream.getvalue(), mtime=0)


def sha512(data: bytes) -> str:
    return hashlib.sha512(data).hexdigest()


def source_file(name: str, data: bytes, more: str = "") -> str:
    """A source file of the project, which it serves at `/served/<name>`."""
    return (
        f'[[components.COMPONENT.source-files]]\nfilename = "{name}"\nhash-type = "SHA512"\nhash = "{sha512(data)}"\n'
        f'origin = {{ type = "download", uri = "$web/served/{name}" }}\n{more}\n'
    )


def c_source(name: str, text: str, *, headers: str = "", call: str = "") -> str:
    """A program in C that prints its name and a text."""
    more = f"\n    {call}" if call else ""
    return f'#include <stdio.h>\n{headers}\nint main(void)\n{{\n    puts("{name}: {text}");{more}\n    return 0;\n}}\n'
