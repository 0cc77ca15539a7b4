"""An installation by answers from a web server, on an NVMe disk without LVM."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from tests.system.computer import said
from tests.system.installer import SERIAL, Target, changed, check_installed, empty_disk, root_shell
from tests.web_server import serving

from boatyard.vm.ssh import ephemeral_key

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.ports.run import HostRunner

pytestmark = [pytest.mark.vm, pytest.mark.network, pytest.mark.tool, pytest.mark.sweep]
HOST = "10.0.2.2"  # QEMU's user network leads from there to the host's loopback


def test_answers_by_url_on_nvme_with_plain_partitions(live_iso: Path, tmp_path: Path, run: HostRunner) -> None:
    with serving() as web, ephemeral_key(run, tmp_path / "scratch") as key:
        answers = f"""
[disk]
bus = "nvme"
[layout]
kind = "plain"
swap = "256 MiB"
[root]
ssh-keys = ["{key.public}"]
[[network]]
match = "en*"
"""
        web.files["/answers.toml"] = answers.encode()
        url = f"{web.url.replace('127.0.0.1', HOST)}/answers.toml"
        digest = hashlib.sha256(answers.encode()).hexdigest()
        arguments = (f"boatyard.answers={url}", f"boatyard.answers.sha256={digest}")
        iso = changed(live_iso, {}, arguments, run, tmp_path)
        disk = replace(empty_disk(tmp_path), bus="nvme")
        target = Target(iso, [disk, empty_disk(tmp_path, serial="OTHER-1")], run, tmp_path)
        with target.on() as vm:
            target.install(vm)
            assert web.requests == ["/answers.toml"]
            with root_shell(vm, key) as shell:
                report = check_installed(shell, vm)
                assert (report["disk"]["device"], report["disk"]["serial"]) == ("/dev/nvme0n1", SERIAL)
                assert report["layout"] == "plain"
                assert said(shell, "findmnt -no SOURCE /").startswith("/dev/nvme0n1p")
                assert said(shell, "swapon --show=NAME --noheadings").startswith("/dev/nvme0n1p")
                assert said(shell, "networkctl status --json=short | grep -c routable") == "1"
