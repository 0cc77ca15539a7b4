"""An attended installation at the serial console of Skiff's ISO, with somebody who types."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.system.computer import said
from tests.system.installer import Target, empty_disk

from boatyard.vm.answer import Answer
from boatyard.vm.serial import Stage
from boatyard.vm.ssh import ephemeral_key, logged_in

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.ports.run import HostRunner

pytestmark = [pytest.mark.vm, pytest.mark.network, pytest.mark.tool]
PASSWORD = "correct horse 7"


def test_questions_answered_at_the_serial_console(live_iso: Path, tmp_path: Path, run: HostRunner) -> None:
    with ephemeral_key(run, tmp_path / "scratch") as key:
        script = [
            ("Disk [1]:", ""),
            ("Layout [1]:", "2"),
            ("Host name [", "typed"),
            ("User name:", "ada"),
            ("Password:", PASSWORD),
            ("Once more:", PASSWORD),
            ("SSH key:", key.public.strip()),
            ("Time zone [UTC]:", "Europe/Berlin"),
            ("Install now? Type yes", "yes"),
            ("Press Enter to restart:", ""),
        ]
        target = Target(live_iso, [empty_disk(tmp_path)], run, tmp_path)
        with target.on([Answer(words, f"{keys}\r".encode()) for words, keys in script]) as vm:
            assert target.verdict(vm) == "OK"
            vm.wait_for(Stage.LOGIN)
            told = target.screen.text
            assert PASSWORD not in told
            assert "typed login:" in told
            with logged_in(vm, key.private, user="ada") as shell:
                assert said(shell, "id -un") == "ada"
                assert said(shell, "readlink /etc/localtime").endswith("Europe/Berlin")
                assert said(shell, "findmnt -no SOURCE /").startswith("/dev/vda")
                assert said(shell, f"echo '{PASSWORD}' | sudo -S -p '' id -un") == "root"
