"""A local component whose archive comes from a Debian source package, through the commands a user runs."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import time
from typing import TYPE_CHECKING

import pytest
from tests.flow.small_yard import assert_told
from tests.sources.deb_archive import Signer, Suite

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.flow.small_yard import SmallYard
    from tests.web_server import Web

pytestmark = pytest.mark.tool

NAME = "oar_1.0.orig.tar.gz"
COMPONENT = """
[components.oar]
spec = {{ type = "local", path = "oar/oar.spec" }}
source-files = [{{ filename = "oar_1.0.orig.tar.gz", origin = {{ type = "deb-source", package = "oar" }}{more} }}]
"""
SPEC = """\
Name: oar
Version: 1.0
Release: 1
Summary: x
License: MIT
BuildArch: noarch
Source0: oar_%{version}.orig.tar.gz

%description
x

%files
"""


def an_archive(text: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        member = tarfile.TarInfo("oar-1.0/oar")
        member.size = len(text)
        tar.addfile(member, io.BytesIO(text.encode()))
    return out.getvalue()


ARCHIVE = an_archive("pull")
DIGEST = hashlib.sha256(ARCHIVE).hexdigest()


@pytest.fixture
def publish(web: Web, signers: Callable[..., Signer], yard: SmallYard) -> Callable[..., None]:
    """Puts a source package on the mirror of the yard's project."""

    def call(version: str = "1.0-1", name: str = NAME, data: bytes = ARCHIVE) -> None:
        suite = Suite(date=time.time() - 60).add("sail", "1.2-3").add_source("oar", version, {name: data})
        suite.publish(web, signers("archive"))

    call()
    write(yard)
    return call


def write(yard: SmallYard, more: str = "") -> None:
    """The component, in the project."""
    path = yard.project / "boatyard.toml"
    path.write_text(path.read_text().partition("\n[components.oar]")[0] + COMPONENT.format(more=more))
    (yard.project / "oar").mkdir(exist_ok=True)
    (yard.project / "oar/oar.spec").write_text(SPEC)


def prepare(yard: SmallYard) -> Path:
    folder = yard.project / "prepared"
    done = yard.run("component", "prepare-sources", "oar", "-f", "-o", str(folder))
    assert done.code == 0, done.err
    return folder


def test_it_is_locked_fetched_and_laid_out(yard: SmallYard, publish: Callable[..., None]) -> None:
    assert_told(yard.run("component", "prepare-sources", "oar", "-o", "x"), 9, "is not locked", "component update oar")
    done = yard.run("component", "update", "oar", "-o", "json")
    changes = [f"{NAME}: added, from oar 1.0-1"]
    assert json.loads(done.out) == [{"component": "oar", "changed": True, "changes": changes}]
    assert yard.run("component", "update", "oar").out == ""
    assert yard.run("component", "update", "oar", "--check-only").code == 0
    folder = prepare(yard)
    assert (folder / NAME).read_bytes() == ARCHIVE
    assert (folder / "sources").read_text() == f"SHA256 ({NAME}) = {DIGEST}\n"


def test_a_rendered_spec_names_the_digest_without_the_archive(
    yard: SmallYard, publish: Callable[..., None], web: Web
) -> None:
    yard.run("component", "update", "oar")
    done = yard.run("component", "render", "oar")
    assert done.code == 0, done.err
    folder = yard.project / "specs/o/oar"
    assert {path.name for path in folder.iterdir()} == {"oar.spec", "sources"}
    assert DIGEST in (folder / "sources").read_text()
    assert not [path for path in web.requests if path.endswith(NAME)]


def test_what_changes_on_the_mirror_changes_nothing_until_it_is_locked(
    yard: SmallYard, publish: Callable[..., None]
) -> None:
    yard.run("component", "update", "oar")
    prepare(yard)
    publish("1.0-2", NAME, an_archive("row"))
    assert (prepare(yard) / NAME).read_bytes() == ARCHIVE, "from the store"
    done = yard.run("component", "update", "oar", "--check-only")
    assert (done.code, done.out) == (8, f"oar: {NAME}: oar 1.0-1 → oar 1.0-2, other content\n")
    yard.run("component", "update", "oar")
    assert (prepare(yard) / NAME).read_bytes() == an_archive("row")


def test_a_version_that_upstream_left_behind(yard: SmallYard, publish: Callable[..., None]) -> None:
    publish("1.1-1", "oar_1.1.orig.tar.gz")
    done = yard.run("component", "update", "oar")
    assert_told(done, 9, "component oar: the source package oar has no file", "oar_1.1.orig.tar.gz", "boatyard.toml")


def test_a_digest_that_the_project_states_is_held_against_the_archive(
    yard: SmallYard, publish: Callable[..., None]
) -> None:
    yard.run("component", "update", "oar")
    sha512 = hashlib.sha512(ARCHIVE).hexdigest()
    write(yard, f', hash = "{sha512.upper()}", hash-type = "SHA512"')
    assert sha512 in (prepare(yard) / "sources").read_text().lower()
    write(yard, f', hash = "{"0" * 64}", hash-type = "SHA256"')
    done = yard.run("component", "prepare-sources", "oar", "-f", "-o", str(yard.project / "prepared"))
    assert_told(done, 6, f"oar: the archive lists another {NAME} than the configuration states", DIGEST)


def test_it_is_mirrored_for_work_without_network(yard: SmallYard, publish: Callable[..., None], web: Web) -> None:
    yard.run("component", "update", "oar")
    done = yard.run("source", "mirror", "oar", "-o", "json")
    assert json.loads(done.out) == [{"component": "oar", "commit": "", "files": 1, "bytes": len(ARCHIVE)}]
    web.files.clear()
    assert (prepare(yard) / NAME).read_bytes() == ARCHIVE
