"""A machine that was provisioned once: two go on from there at once, nothing of it changes, damage makes it anew."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boatyard.artifact.machine import Drive
from boatyard.base.digest import sha256_file
from boatyard.cloud.machine import CloudVm, DataDisk
from boatyard.cloud.state import Phase
from boatyard.flow.trial.event import restart
from boatyard.flow.trial.machine import Provisioned, provisioned, wake
from boatyard.flow.trial.order import Order
from boatyard.flow.trial.snapshot import snapshots
from boatyard.ports.progress import silent
from boatyard.vm.running import Harbour
from boatyard.vm.ssh import logged_in

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from boatyard.artifact.demo_result import DemoResult
    from boatyard.flow.cloud import CloudMachine
    from boatyard.ports.run import HostRunner
    from boatyard.vm.ssh import Ssh

pytestmark = [pytest.mark.vm, pytest.mark.network, pytest.mark.tool]

SCRIPT = b"#cloud-config\nwrite_files:\n- {path: /etc/marked, content: by-the-owner}\n"
USER = "azureuser"
DATA = "/dev/disk/azure/scsi1/lun0"
WRITES = f"echo later > /etc/later; echo later > {DATA}; sync"
CLEAN = f"test ! -e /etc/later && ! head -c 5 {DATA} | grep -q later"
UNTOUCHED = f"{CLEAN} && cat /etc/marked && echo && blockdev --getsize64 {DATA}"


class StartedAnew(Exception):
    """The machine has power, and the test has seen enough."""


@pytest.fixture
def order(request: pytest.FixtureRequest) -> Order:
    """A machine with a data disk, of the demo's disk or the qcow2 that BOATYARD_TEST_DISK names."""
    if there := os.environ.get("BOATYARD_TEST_DISK"):
        path = Path(there).absolute()
    else:
        demo_result: DemoResult = request.getfixturevalue("demo_result")
        (path,) = {Path(image.path) for image in demo_result.images if image.format == "qcow2"}
    vm = CloudVm(name="kept01", custom_data=SCRIPT, data_disks=(DataDisk(name="data", lun=0, size_gib=1),))
    return Order(vm=vm, disk=Drive(path=path, format="qcow2"), image=sha256_file(path))


def inside(up: Provisioned) -> AbstractContextManager[Ssh]:
    return logged_in(up.machine.vm, up.key.private, USER)


def as_root(shell: Ssh, script: str) -> str:
    ended = shell(f"sudo -n sh -c '{script}'")
    assert ended.code == 0, ended.text
    return ended.text


def stop(_: CloudMachine) -> None:
    raise StartedAnew


def test_machines_go_on_where_one_was_kept(order: Order, tmp_path: Path, run: HostRunner) -> None:
    harbour, cache = Harbour(run, silent(), tmp_path / "scratch"), tmp_path / "cache/trial"
    with provisioned(order, harbour, tmp_path / "first.log", cache) as up:
        assert (up.snapshot, up.record.failed) == ("saved", None), up.record.detail
        first = up.record
        with inside(up) as shell:
            assert wake(shell)
            as_root(shell, WRITES)
    (kept,) = snapshots(cache)
    files = {path.name: sha256_file(path) for path in kept.folder.iterdir()}

    with (
        provisioned(order, harbour, tmp_path / "one.log", cache) as one,
        provisioned(order, harbour, tmp_path / "two.log", cache) as two,
    ):
        assert (one.snapshot, two.snapshot) == ("restored", "restored")
        assert one.record == two.record == first
        assert one.machine.fabric.state.phase is Phase.READY
        assert one.machine.fabric.elapsed_s > first.settled_s
        heard = one.machine.fabric.state.count.wireserver
        with inside(one) as shell, inside(two) as other:
            assert as_root(shell, UNTOUCHED).split() == ["by-the-owner", str(1 << 30)]
            assert wake(shell, "echo awake > /run/awake")
            assert abs(float(shell("date +%s; cat /run/awake").text.split()[0]) - time.time()) < 60
            assert "crng reseeded due to virtual machine fork" in as_root(shell, "dmesg")
            ask = "od -An -N16 -tx1 /dev/urandom"
            assert shell(ask).text != other(ask).text
            as_root(other, WRITES)
        one.machine.fabric.wait_for(lambda state: state.count.wireserver > heard, 600)  # the agent goes on
        restart(one.machine, one.key.private, USER, 900)
        with inside(one) as shell:
            assert as_root(shell, UNTOUCHED).startswith("by-the-owner")
    assert {path.name: sha256_file(path) for path in kept.folder.iterdir()} == files

    content = bytearray(kept.state.read_bytes())
    content[len(content) // 2] ^= 1
    kept.state.write_bytes(content)
    with pytest.raises(StartedAnew), provisioned(order, harbour, tmp_path / "log", cache, started=stop):
        raise AssertionError
    assert snapshots(cache) == []
    assert list((cache / "staging").glob("*")) == [cache / "staging/lease.lock"]
    assert not list((harbour.scratch / "machines").glob(".tmp-*"))
