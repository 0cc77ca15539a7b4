"""What the machine lacks, and how it is told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from boatyard.base.tool import TOOLS
from boatyard.cli import doctor
from boatyard.cli.main import main
from boatyard.ports import run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine with one program."""
    (tmp_path / "rpm").touch(mode=0o755)
    monkeypatch.setattr(run, "SEARCH_PATH", str(tmp_path))
    monkeypatch.setattr(doctor, "Path", lambda path: tmp_path / str(path).lstrip("/"))
    return tmp_path


def test_everything_missing_is_named_with_its_package(bare: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 4
    text = capsys.readouterr().out
    assert f"{bare}/rpm" in text
    for tool in TOOLS.values():
        if tool.scope == "work" and tool.program != "rpm":
            assert f"MISSING, package {tool.debian}" in text
    assert text.splitlines()[-1].startswith("Missing: apt-get install ")


def test_packages_for_the_set_up(bare: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["doctor", "-o", "packages"])
    work = set(capsys.readouterr().out.split())
    main(["doctor", "-o", "packages", "--tests"])
    tests = set(capsys.readouterr().out.split())
    assert {"rpm", "bubblewrap", "dnf", "ovmf", "debian-archive-keyring"} <= work
    filesystems = {"fdisk", "gdisk", "cpio", "busybox-static", "mount"}
    assert tests - work == filesystems | {"procps", "faketime", "ansible-core", "chromium", "nodejs", "npm"}
    assert not any("arm" in name for name in tests)


def test_names_of_fedora(bare: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (bare / "etc").mkdir()
    (bare / "etc/os-release").write_text('ID=azurelinux\nID_LIKE="fedora"\n')
    assert main(["doctor", "-o", "json"]) == 4
    told = json.loads(capsys.readouterr().out)
    assert told["family"] == "fedora"
    assert {"rpm-build", "qemu-system-x86-core", "edk2-ovmf", "debian-keyring"} <= set(told["missing-packages"])


def test_nothing_missing(bare: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for tool in TOOLS.values():
        for file in tool.files or (tool.program,):
            path = bare / file.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o755)
    assert main(["doctor"]) == 0
    assert capsys.readouterr().out.endswith("Nothing is missing.\n")
