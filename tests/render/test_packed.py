"""The `sources` file tells the digest of an archive that overlays changed."""

from __future__ import annotations

import hashlib
import io
import tarfile
from typing import TYPE_CHECKING

import pytest

from boatyard.base.error import BuildError, TrustError
from boatyard.flow.prepare import Preparation, prepare_tree

if TYPE_CHECKING:
    from pathlib import Path

    from tests.render.conftest import Site

PROJECT = """
[components.a]
spec = {{ type = "local", path = "a/a.spec" }}
overlays = [{{ type = "file-remove", file = "x", archive = "{name}" }}]
[[components.a.source-files]]
filename = "{name}"
{digest}
replace-upstream = true
replace-reason = "x is not free"
origin = {{ type = "overlay" }}
"""


def lay_out(site: Site, name: str, digest: str = "") -> Path:
    """A project whose overlay removes one of two files of an archive, with its sources."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz" if name.endswith("gz") else "w") as tar:
        for member in ("p/x", "p/y"):
            tar.addfile(tarfile.TarInfo(member))
    site.write(
        {
            "azldev.toml": PROJECT.format(name=name, digest=digest),
            "a/a.spec": "Name: a\nRelease: 1\n",
            f"a/{name}": data.getvalue(),
            "a/sources": f"SHA256 ({name}) = 00\nSHA512 (other) = 11\n",
        }
    )
    return site.dir / "a"


def digest_of(tree: Path, name: str, kind: str) -> str:
    return hashlib.new(kind, (tree / name).read_bytes()).hexdigest()


def test_of_a_tar_it_is_the_stated_one(site: Site) -> None:
    tree = lay_out(site, "p.tar")
    prepare_tree(site.project.component("a"), tree, "a.spec")
    stated = digest_of(tree, "p.tar", "sha512")
    assert (tree / "sources").read_text() == f"SHA512 (p.tar) = {stated}\nSHA512 (other) = 11\n"
    tree = lay_out(site, "p.tar", f"hash-type = 'SHA512'\nhash = '{stated}'")
    prepare_tree(site.project.component("a"), tree, "a.spec")
    assert digest_of(tree, "p.tar", "sha512") == stated
    tree = lay_out(site, "p.tar", f"hash-type = 'SHA256'\nhash = '{'0' * 64}'")
    with pytest.raises(TrustError, match=r"a: the overlays of p\.tar make another archive than stated"):
        prepare_tree(site.project.component("a"), tree, "a.spec")


def test_of_a_compressed_one_it_is_what_was_made(site: Site) -> None:
    tree = lay_out(site, "p.tar.gz", f"hash-type = 'SHA256'\nhash = '{'0' * 64}'")
    prepare_tree(site.project.component("a"), tree, "a.spec")
    made = digest_of(tree, "p.tar.gz", "sha256")
    assert (tree / "sources").read_text().startswith(f"SHA256 (p.tar.gz) = {made}\n")


def test_without_the_archive_it_is_the_stated_one(site: Site) -> None:
    stated = "0" * 64
    tree = lay_out(site, "p.tar.gz", f"hash-type = 'SHA256'\nhash = '{stated}'")
    prepare_tree(site.project.component("a"), tree, "a.spec", Preparation(edit_archives=False))
    assert (tree / "sources").read_text().startswith(f"SHA256 (p.tar.gz) = {stated}\n")


def test_the_overlay_needs_its_source_file(site: Site) -> None:
    tree = lay_out(site, "p.tar")
    text = (site.dir / "azldev.toml").read_text()
    site.write({"azldev.toml": text.split("[[components.a.source-files]]")[0]})
    with pytest.raises(BuildError, match=r"the archive p\.tar is no source file of origin overlay"):
        prepare_tree(site.project.component("a"), tree, "a.spec")
