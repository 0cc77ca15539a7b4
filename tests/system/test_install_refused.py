"""What Skiff's installer refuses: it says why, does as the answers say, and no byte of any disk is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.system.installer import Target, digest, foreign_disk, with_answers

from boatyard_boot.size import GIB

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.ports.run import HostRunner

pytestmark = [pytest.mark.vm, pytest.mark.network, pytest.mark.tool]


def test_a_disk_with_data_is_refused(live_iso: Path, tmp_path: Path, run: HostRunner) -> None:
    disk = foreign_disk(tmp_path, run)
    with disk.path.open("r+b") as stream:
        stream.truncate(3 * GIB)
    before = digest(disk)
    answers = '[disk]\nserial = "FOREIGN-1"\n[finish]\non-failure = "poweroff"\n'
    target = Target(with_answers(live_iso, answers, run, tmp_path), [disk], run, tmp_path)
    with target.on() as vm:
        assert target.verdict(vm).startswith("FAILED /dev/vda cannot be taken: not empty: it holds ext4")
        assert vm.console.wait_end(120), "it powers off as the answers say"
    assert digest(disk) == before
    assert "hint: put `wipe = true`" in target.screen.text
