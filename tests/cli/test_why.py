"""`boatyard why` on the ledger of a small project, as text and JSON, and what it says when asked wrongly."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from msgspec import structs
from tests.build_record import ARCH, result, used
from tests.rpm import rpm_file
from tests.rpm.rpm_file import File, Package

from boatyard.artifact.build_ledger import record_result
from boatyard.artifact.build_result import RpmFile
from boatyard.base.nevra import Evr
from boatyard.cli.main import main
from boatyard.flow.why import explain_components
from boatyard.report.why_text import to_text

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = """\
[project]
default-distro = { name = "dinghy", version = "1" }
[distros.dinghy.versions."1"]
release-ver = "1"
[components]
curl.spec = { type = "local", path = "curl.spec" }
zlib.spec = { type = "local", path = "zlib.spec" }
bash.spec = { type = "local", path = "bash.spec" }
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """curl was rebuilt because a patch came to zlib."""
    (tmp_path / "boatyard.toml").write_text(PROJECT)
    built = tmp_path / "yard/work/built"
    for made in (
        result("zlib", "1", leaves={"spec": "s1"}),
        result("curl", "1", environment=[used("zlib-devel", "1")]),
        result("zlib", "2", leaves={"spec": "s1", "file fix.patch": "p"}),
        result("curl", "2", environment=[used("zlib-devel", "2", interface="j")]),
    ):
        record_result(built, ARCH, made, reused=False)
    return tmp_path


def ask(project: Path, *words: str) -> int:
    return main(["why", "-C", str(project), "--work", str(project / "yard"), "--arch", ARCH, *words])


def test_text(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(project, "bash", "curl") == 0
    assert (
        capsys.readouterr().out
        == """\
curl: built in the last run, because
  zlib-devel (1-1 → 1-2) of zlib: looks different to builds
    zlib was rebuilt, because
      file fix.patch is new

at the root of it:
  zlib: file fix.patch

bash: never built here
"""
    )


def test_what_looks_different(tmp_path: Path) -> None:
    """On packages that are there; nothing is told of those that are gone or damaged."""
    before, after = (
        RpmFile(
            path=rpm_file.write(Package(files=(File("/usr/include/zlib.h", text),)), tmp_path / f"{build}.rpm"),
            name="zlib-devel", evr=Evr("1", build), arch=ARCH, size=1, sha256=used("zlib-devel", build).sha256,
        )
        for build, text in (("1", b"int x;"), ("2", b"long x;"))
    )  # fmt: skip
    for made in (
        structs.replace(result("zlib", "1"), rpms=(before,)),
        result("curl", "1", environment=[used("zlib-devel", "1")]),
        structs.replace(result("zlib", "2", leaves={"spec": "s2"}), rpms=(after,)),
        result("curl", "2", environment=[used("zlib-devel", "2", interface="j")]),
    ):
        record_result(tmp_path, ARCH, made, reused=False)
    (told,) = explain_components(["curl"], tmp_path, ARCH)
    assert (
        "  zlib-devel (1-1 → 1-2) of zlib: looks different to builds\n    /usr/include/zlib.h has other content\n"
        in (to_text(told))
    )
    after.path.write_bytes(b"no RPM")
    (told,) = explain_components(["curl"], tmp_path, ARCH)
    assert "other content" not in to_text(told)
    before.path.unlink()
    assert explain_components(["curl"], tmp_path, ARCH) == [told]


def test_json(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(project, "zlib", "-o", "json") == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["component"], told["verdict"], told["roots"]) == ("zlib", "was built", ["zlib: file fix.patch"])
    (leaf,) = told["reasons"]
    assert (leaf["type"], leaf["leaf"], leaf["change"]) == ("leaf", "file fix.patch", "added")


def test_other_architecture(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(project, "curl", "--arch", "aarch64") == 0
    assert capsys.readouterr().out == "curl: never built here\n"


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [(["crul"], 9, "did you mean 'curl'?"), ([], 2, "no components were selected")],
)
def test_asked_wrongly(
    project: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int, message: str
) -> None:
    assert ask(project, *words) == code
    assert message in capsys.readouterr().err
