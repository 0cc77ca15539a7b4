"""RPM files that were just built: what they say of themselves, and whether all of them is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.spec_file import a_tree

from boatyard.base.error import BuildError
from boatyard.build.rpmbuild import find_environment, run_build
from boatyard.rpm.header import is_whole, read_rpm
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.ports.run import HostRunner

pytestmark = pytest.mark.tool


@pytest.mark.parametrize("payload", ["", "w3.zstdio", "w9.gzdio", "w6.xzdio", "w9.bzdio"])
def test_truncated_payload_is_seen(tmp_path: Path, run: HostRunner, payload: str) -> None:
    """As rpmbuild leaves it on a full disk, and says nothing."""
    install = "head -c 100000 /dev/urandom > %{buildroot}/usr/share/alpha/data"
    tags = f"%global _binary_payload {payload}" if payload else ""
    tree = a_tree(tmp_path / "src", "alpha", tags=tags, install=install)
    (tmp_path / "work").mkdir()
    (rpm,) = run_build(tree, find_environment(Arch.X86_64, run), tmp_path / "work", tmp_path / "log", run)
    assert is_whole(rpm.path)
    data = rpm.path.read_bytes()
    for missing in (40, 4096, 60_000):
        rpm.path.write_bytes(data[:-missing])
        assert not is_whole(rpm.path), missing


def test_no_rpm(tmp_path: Path) -> None:
    (tmp_path / "a.rpm").write_bytes(b"x" * 1000)
    with pytest.raises(BuildError, match="is not an RPM"):
        read_rpm(tmp_path / "a.rpm")
