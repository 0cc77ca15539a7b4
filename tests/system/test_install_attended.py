"""An attended installation at the serial console of Skiff's ISO, with somebody who types."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from tests.system.computer import said
from tests.system.installer import LIMITS, Target, changed, empty_disk

from boatyard.vm.answer import Answer
from boatyard.vm.serial import Stage
from boatyard.vm.ssh import ephemeral_key, logged_in

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.ports.run import HostRunner

pytestmark = [pytest.mark.vm, pytest.mark.network, pytest.mark.tool]
PASSWORD = "correct horse 7"
RECOVERY = re.compile(r"^([a-z2-9]{5}-){7}[a-z2-9]{5}$", re.MULTILINE)
END = "Press Enter to restart:"


def typed(*script: tuple[str, str]) -> list[Answer]:
    return [Answer(words, f"{keys}\r".encode()) for words, keys in script]


def test_questions_answered_at_the_serial_console(live_iso: Path, tmp_path: Path, run: HostRunner) -> None:
    with ephemeral_key(run, tmp_path / "scratch") as key:
        script = typed(
            ("Disk [1]:", ""),
            ("Layout [1]:", "3"),
            ("Passphrase:", ""),
            ("Host name [", "typed"),
            ("User name:", "ada"),
            ("Password:", PASSWORD),
            ("Once more:", PASSWORD),
            ("SSH key:", key.public.strip()),
            ("Time zone [UTC]:", "Europe/Berlin"),
            ("Install now? Type yes", "yes"),
        )
        target = Target(changed(live_iso, {}, (), run, tmp_path), [empty_disk(tmp_path)], run, tmp_path)
        with target.on(script) as vm:
            assert target.verdict(vm) == "OK"
            target.screen.wait(vm, lambda text: END in text)
            found = RECOVERY.search(target.screen.text)
            assert found, "the recovery key is on the screen until somebody has read it"
            vm.console.send(b"\r")
            target.screen.wait(vm, lambda text: "try 1 of 3:" in text)
            vm.console.send(f"{found[0]}\r".encode())
            vm.console.wait_for(Stage.LOGIN, LIMITS)
            told = target.screen.text
            assert PASSWORD not in told
            assert told.count(found[0]) == 1
            assert "typed login:" in told
            with logged_in(vm, key.private, user="ada") as shell:
                assert said(shell, "id -un") == "ada"
                assert said(shell, "readlink /etc/localtime").endswith("Europe/Berlin")
                assert said(shell, "findmnt -no SOURCE /") == "/dev/mapper/vg0-root"
                root = f"echo '{PASSWORD}' | sudo -S -p ''"
                assert said(shell, f"{root} id -un") == "root"
                assert "crypt LVM2_member" in said(shell, "lsblk -rno TYPE,FSTYPE /dev/vda")
                pattern = found[0].replace("-", "[-]")  # sudo logs the command, which must not match itself
                assert said(shell, f"{root} grep -rl '{pattern}' /etc /var /boot || echo nowhere") == "nowhere"


@pytest.mark.sweep
def test_going_on_to_the_live_system(live_iso: Path, tmp_path: Path, run: HostRunner) -> None:
    target = Target(changed(live_iso, {}, (), run, tmp_path), [empty_disk(tmp_path)], run, tmp_path, "bios")
    with target.on(typed(("Disk [1]:", "q"), ("What now? [1]:", "2"))) as vm:
        vm.console.wait_for(Stage.LOGIN, LIMITS)
        assert "skiff login:" in target.screen.text
