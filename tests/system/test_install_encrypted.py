"""Skiff installed into a LUKS container whose passphrase is typed, and started with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.system.computer import said
from tests.system.installer import SERIAL, Target, check_installed, empty_disk, root_shell, with_answers

from boatyard.vm.answer import Answer
from boatyard.vm.ssh import ephemeral_key

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.ports.run import HostRunner

pytestmark = [pytest.mark.vm, pytest.mark.network, pytest.mark.tool, pytest.mark.sweep]
PASSPHRASE = "correct horse 7 battery"


def test_luks_with_a_typed_passphrase(live_iso: Path, tmp_path: Path, run: HostRunner) -> None:
    answers = (
        f'[disk]\nserial = "{SERIAL}"\n[layout]\nkind = "luks"\nswap = "256 MiB"\n[encryption]\nsource = "prompt"\n'
    )
    typed = f"{PASSPHRASE}\r".encode()
    with ephemeral_key(run, tmp_path / "scratch") as key:
        iso = with_answers(live_iso, f'{answers}[root]\nssh-keys = ["{key.public}"]\n', run, tmp_path)
        target = Target(iso, [empty_disk(tmp_path)], run, tmp_path)
        asked = [
            Answer("Passphrase of the encrypted disk:", typed),
            Answer("The same once more:", typed),
            Answer("try 1 of 3:", typed),
        ]
        with target.on(asked) as vm:
            target.install(vm)
            with root_shell(vm, key) as shell:
                check_installed(shell, vm)
                assert said(shell, "findmnt -no SOURCE /") == "/dev/mapper/vg0-root"
                kinds = said(shell, "lsblk -rno TYPE,FSTYPE /dev/vda").split("\n")
                assert {"part crypto_LUKS", "crypt LVM2_member", "lvm ext4", "lvm swap"} <= set(kinds)
                assert said(shell, "swapon --show=NAME --noheadings | wc -l") == "1"
                assert said(shell, f"grep -rlF '{PASSPHRASE}' /etc /var/log /root /boot || echo nowhere") == "nowhere"
    told = "".join(log.read_text("utf-8", "replace") for log in tmp_path.glob("console-*.log"))
    assert PASSPHRASE not in told, "what is typed is not shown"
