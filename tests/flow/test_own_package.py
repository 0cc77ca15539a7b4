"""Boatyard's own packages as archives."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import pytest

from boatyard.base.error import ConfigError, SourceError
from boatyard.config.load import load_root
from boatyard.flow.own_package import pack_package
from boatyard.ports.tar import read_members

if TYPE_CHECKING:
    from pathlib import Path


def test_archive_holds_modules_and_data() -> None:
    archive = pack_package("boatyard_boot")
    assert archive == pack_package("boatyard_boot")
    members = {member.name: data.read(1 << 20) for member, data in read_members(io.BytesIO(archive))}
    assert members["boatyard_boot/data/init"].startswith(b"#!/bin/sh")
    assert "boatyard_boot/layout.py" in members
    assert not [name for name in members if "__pycache__" in name]


def test_only_what_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.delitem(sys.modules, "boatyard_boot")
    with pytest.raises(SourceError, match="boatyard_boot is not installed"):
        pack_package("boatyard_boot")


def test_only_boatyards_own(tmp_path: Path) -> None:
    text = "[[components.x.source-files]]\nfilename = 'p'\norigin = { type = 'python-package', name = 'os' }"
    (tmp_path / "boatyard.toml").write_text(text)
    with pytest.raises(ConfigError, match="'os' is not one of boatyard_boot, boatyard_installer"):
        load_root(tmp_path / "boatyard.toml")
