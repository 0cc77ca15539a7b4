"""Skiff's disk as a VM of the local cloud, with its own cloud-init and Azure agent, as they are shipped."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from boatyard.artifact.machine import Drive
from boatyard.cloud.egress import CLOUD_ONLY, Egress, egress
from boatyard.cloud.machine import Certificate, CloudVm, DataDisk, Fault
from boatyard.cloud.state import Phase, State
from boatyard.flow.cloud import CloudMachine, cloud_machine
from boatyard.flow.trial.image import find_image
from boatyard.ports.progress import silent
from boatyard.ports.run import Command
from boatyard.vm.running import Harbour
from boatyard.vm.ssh import Ssh, ephemeral_key, logged_in
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boatyard.artifact.demo_result import DemoResult
    from boatyard.ports.run import HostRunner

pytestmark = [pytest.mark.vm, pytest.mark.network, pytest.mark.tool]

PASSWORD = "Correct-Horse-7"
SCRIPT = (
    b"#cloud-config\nwrite_files:\n- {path: /etc/marked, content: by-the-owner}\nruncmd:\n- hostname > /var/lib/ran\n"
)
REFUSED = 7  # curl's exit codes
NO_SUCH_HOST = 6
PROVISIONED = "test $(cat /etc/marked) = by-the-owner && cat /var/lib/ran"


@pytest.fixture
def disk(request: pytest.FixtureRequest) -> Drive:
    """The demo's disk, or the qcow2 that BOATYARD_TEST_DISK names."""
    if there := os.environ.get("BOATYARD_TEST_DISK"):
        return Drive(path=Path(there).absolute(), format="qcow2")
    demo_result: DemoResult = request.getfixturevalue("demo_result")
    (path,) = {image.path for image in demo_result.images if image.format == "qcow2"}
    return Drive(path=Path(path), format="qcow2")


@contextlib.contextmanager
def booted(
    disk: Drive,
    tmp_path: Path,
    run: HostRunner,
    *,
    egress: Egress = CLOUD_ONLY,
    pool: CloudVm | None = None,
    **order: Any,
) -> Iterator[tuple[CloudMachine, Path]]:
    """A VM that lets a new key in, and the key."""
    harbour = Harbour(run, silent(), tmp_path / "scratch")
    with ephemeral_key(run, tmp_path / "scratch") as key:
        vm = CloudVm(name="devvm01", public_keys=(key.public,), **order)
        log = tmp_path / "console.log"
        with cloud_machine(vm, disk, harbour, log, pool=pool, egress=egress) as machine:
            yield machine, key.private


def finished(machine: CloudMachine, key: Path) -> contextlib.AbstractContextManager[Ssh]:
    return logged_in(machine.vm, key, "azureuser")


def lines(machine: CloudMachine) -> list[dict[str, Any]]:
    return [json.loads(line) for line in machine.records.read_text(encoding="utf-8").splitlines()]


def check_provisioned(shell: Ssh) -> dict[str, Any]:
    """What cloud-init has done, and that it says so; gives the troubles it got over."""
    told = json.loads(shell("cloud-init status --wait --format json", 600).text)
    assert (told["status"], told["errors"]) == ("done", [])
    assert shell(PROVISIONED).text.strip() == "devvm01"
    assert shell("sudo -n true").code == 0
    recoverable: dict[str, Any] = told["recoverable_errors"]
    return recoverable


def own_listeners() -> set[str]:
    """The TCP sockets of this process, which is the cloud, that others could connect to."""
    listening = {
        f"socket:[{line.split()[9]}]"
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in Path(table).read_text(encoding="ascii").splitlines()[1:]
        if line.split()[3] == "0A"  # LISTEN
    }
    own = set()
    for handle in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            own.add(str(handle.readlink()))
    return own & listening


def agent_is_ready(state: State) -> bool:
    return state.agent is not None and state.agent.status == "Ready"


def test_both_agents_report_ready_and_the_owners_wishes_are_met(disk: Drive, tmp_path: Path, run: HostRunner) -> None:
    before = own_listeners()  # of tests that ran earlier in this process
    with booted(disk, tmp_path, run, custom_data=SCRIPT, password=PASSWORD, tags={"env": "local"}) as (machine, key):
        assert machine.wait_settled().phase is Phase.READY
        with finished(machine, key) as shell:
            assert check_provisioned(shell) == {}
            assert shell("systemd-detect-virt").text.strip() == "microsoft"
            ask = "curl -sS -H Metadata:true 'http://169.254.169.254/metadata/instance/compute/{}&format=text'"
            assert shell(ask.format("tags?api-version=2021-02-01")).text == "env:local"
            assert shell("curl -sS -m 60 http://10.1.0.1:22/").code == REFUSED
            assert shell("curl -sS -m 60 http://name.example/").code == NO_SUCH_HOST
            document = "http://169.254.169.254/metadata/attested/document?api-version=2023-07-01"
            attested = shell(f"curl -sS -H Metadata:true '{document}'")
            assert json.loads(attested.text)["encoding"] == "pkcs7"
        state = machine.fabric.wait_for(agent_is_ready, 600)
        assert {told.agent.partition("/")[0] for told in state.reports if told.ready} == {"Cloud-Init", "WALinuxAgent"}
        told = {(one.place, one.passed) for one in machine.fabric.contacts()}
        assert {("tcp 10.1.0.1:22", False), ("dns name.example", False)} <= told
        assert own_listeners() <= before
        assert PASSWORD not in machine.records.read_text(encoding="utf-8")
        assert PASSWORD not in machine.vm.console.log.read_text(encoding="utf-8", errors="replace")
        assert {"dhcp", "imds", "wireserver", "hostga"} <= {line["channel"] for line in lines(machine)}
        assert machine.records.stat().st_mode & 0o777 == 0o600


def test_generation_1_survives_a_cloud_that_fails_at_first(disk: Drive, tmp_path: Path, run: HostRunner) -> None:
    made = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=vault", "-keyout", "k.pem", "-out", "c.pem")
    run(Command(argv=("openssl", *made), cwd=tmp_path))
    vault = Certificate(certificate=(tmp_path / "c.pem").read_text(), key=(tmp_path / "k.pem").read_text())
    fault = Fault(
        imds_throttled=3,
        wireserver_errors=2,
        dhcp_ignored=1,
        dhcp_delay_s=1.0,
        dhcp_without=(121, 245, 249),
        imds_delay_s=0.5,
    )
    order = {"generation": "gen1", "certificates": (vault,), "fault": fault, "custom_data": SCRIPT}
    with booted(disk, tmp_path, run, **order) as (machine, key):
        assert machine.wait_settled().phase is Phase.READY
        with finished(machine, key) as shell:
            # The metadata service's 429, and a card without routes to the fabric.
            assert set(check_provisioned(shell)) == {"ERROR", "WARNING"}
            assert shell("systemd-detect-virt").text.strip() == "microsoft"
            machine.fabric.wait_for(agent_is_ready, 600)
            stored = shell("sudo sh -c 'cat /var/lib/waagent/*.prv'").text
            assert vault.key.split()[4] in stored
        statuses = [line["status"] for line in lines(machine) if line["channel"] == "imds"]
        assert statuses[:4] == [429, 429, 429, 200]


def test_an_unprivileged_user_can_do_it_and_no_cd_is_needed(disk: Drive) -> None:
    unprivileged = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups") if os.getuid() == 0 else ()
    with tempfile.TemporaryDirectory() as folder:
        if unprivileged:
            os.chown(folder, 65534, 65534)
        child = (sys.executable, "-m", "tests.system.cloud_child", str(disk.path), folder)
        ended = subprocess.run((*unprivileged, *child), capture_output=True, text=True, timeout=1800, check=False)
    if "Permission denied" in ended.stderr and "ModuleNotFoundError" in ended.stderr:
        pytest.skip("an unprivileged user cannot read this checkout")
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert (told["uid"] != 0, told["phase"], told["marked"]) == (True, "ready", "by-the-owner")
    # Without Boatyard in its cable, QEMU would connect the guest to its own host each time.
    assert told["allowed"] == "of the host"
    assert told["other_port"] == told["other_address"] == REFUSED
    assert "tcp 10.1.0.1:22 (stopped)" in told["network"]
    assert any(what.startswith("tcp 10.1.0.77:") for what in told["network"])


@pytest.mark.sweep
def test_a_failure_is_told_with_its_reason(disk: Drive, tmp_path: Path, run: HostRunner) -> None:
    with booted(disk, tmp_path, run, fault=Fault(cd_without=("HostName",))) as (machine, _):
        state = machine.wait_settled()
        assert state.phase is Phase.FAILED
        assert state.reason == "unexpected metadata parsing ovf-env.xml: missing configuration for 'HostName'"


@pytest.mark.sweep
def test_a_pooled_vm_becomes_its_owners(disk: Drive, tmp_path: Path, run: HostRunner) -> None:
    vm_id = "13f56399-bd52-4150-9748-7190aae1ff21"
    pool = CloudVm(name="pool01", vm_id=vm_id)
    with booted(disk, tmp_path, run, vm_id=vm_id, custom_data=SCRIPT, pool=pool) as (machine, key):
        assert machine.wait_pooled().phase is Phase.POOLED
        machine.assign()
        assert machine.wait_settled().phase is Phase.READY
        with finished(machine, key) as shell:
            check_provisioned(shell)


@pytest.mark.sweep
def test_disks_are_linked_and_events_are_seen(disk: Drive, tmp_path: Path, run: HostRunner) -> None:
    disks = (DataDisk(name="logs", lun=3, size_gib=1), DataDisk(name="db", lun=0, size_gib=2))
    order = {"data_disks": disks, "resource_disk_gib": 4, "generation": "gen2"}
    ask = "curl -sS -H Metadata:true 'http://169.254.169.254/metadata/{}'"
    links = "azure/scsi1/lun0 azure/data/by-lun/3 azure/resource cloud/azure_resource"
    with booted(disk, tmp_path, run, egress=egress("list", ["192.0.2.0/24:80"]), **order) as (machine, key):
        assert machine.wait_settled().phase is Phase.READY
        with finished(machine, key) as shell:
            shell("cloud-init status --wait", 600)  # an image without sgdisk cannot make use of the resource disk
            found = shell(f"for d in {links}; do lsblk -bdno SIZE /dev/disk/$d; done").text.split()
            assert [int(size) >> 30 for size in found] == [2, 1, 4, 4]
            assert shell("test /dev/disk/azure/root-part1 -ef /dev/vda1").code == 0
            resource = shell(ask.format("instance/compute/storageProfile/resourceDisk?api-version=2021-02-01"))
            assert json.loads(resource.text) == {"size": str(4 << 20)}
            assert shell("curl -sS -m 60 http://198.51.100.7/").code == REFUSED
            event = machine.announce("Reboot", 3600)
            schedule = ask.format("scheduledevents?api-version=2020-07-01")
            assert json.loads(shell(schedule).text)["Events"][0]["EventId"] == event
            agree = json.dumps({"StartRequests": [{"EventId": event}]})
            assert shell(f"{schedule} -d '{agree}'").code == 0
            assert json.loads(shell(schedule).text)["Events"][0]["EventStatus"] == "Started"
            machine.fabric.complete(event)
            assert json.loads(shell(schedule).text)["Events"] == []
        machine.flap(3.0)
        with finished(machine, key) as shell:
            assert "Lost carrier" in shell("sudo journalctl -b --no-pager -u systemd-networkd").text


@pytest.mark.sweep
@pytest.mark.parametrize(("form", "generation"), [("vpc", "gen1"), ("vhdx", "gen2")])
def test_images_from_elsewhere_are_provisioned(
    disk: Drive, tmp_path: Path, run: HostRunner, form: str, generation: Literal["gen1", "gen2"]
) -> None:
    path = tmp_path / "from-elsewhere"
    options = ("-o", "subformat=fixed,force_size=on") if form == "vpc" else ()
    run(Command(argv=("qemu-img", "convert", "-f", disk.format, "-O", form, *options, str(disk.path), str(path))))
    found = find_image(
        path.name, beside=tmp_path, images=None, published=None, arch=Arch.X86_64, run=run, cache=tmp_path / "cache",
        generation=generation,
    )  # fmt: skip
    assert (found.drive.format, found.image.built_here) == (form, False)
    with booted(found.drive, tmp_path, run, generation=generation, custom_data=SCRIPT) as (machine, key):
        assert machine.wait_settled().phase is Phase.READY
        with finished(machine, key) as shell:
            assert check_provisioned(shell) == {}
