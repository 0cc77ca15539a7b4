"""Tiny real source trees for tests that run rpmbuild."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.artifact.source_tree import SourceTree

if TYPE_CHECKING:
    from pathlib import Path

SPEC = """\
Name: {name}
Version: 1
Release: {release}
Summary: A test
License: MIT
{tags}
%description
A test.
%install
mkdir -p %{{buildroot}}/usr/share/{name}
echo {name} > %{{buildroot}}/usr/share/{name}/data
{install}
%files
%attr(0644,root,root) /usr/share/{name}/data
"""


def a_tree(folder: Path, name: str, *, release: str = "1", tags: str = "", install: str = "") -> SourceTree:
    """A component that packages one small file."""
    folder.mkdir(parents=True, exist_ok=True)
    text = SPEC.format(name=name, release=release, tags=tags, install=install)
    (folder / f"{name}.spec").write_text(text, encoding="utf-8")
    return SourceTree(component=name, dir=folder, spec=f"{name}.spec", key=text)
