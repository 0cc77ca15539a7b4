"""A fabric that runs: who waits is told, exchanges are recorded, secrets are not; certificates are for one guest."""

from __future__ import annotations

import contextlib
import io
import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cloud.some import VM, health, imds, wire
from tests.cloud.wire import CABLE, GuestConnection

from boatyard.base.error import BoatyardError
from boatyard.cloud.address import SERVERS, Server
from boatyard.cloud.certificate import OpensslSeal
from boatyard.cloud.dhcp import Query
from boatyard.cloud.fabric import RunningFabric
from boatyard.cloud.goal_state import container_id
from boatyard.cloud.machine import Certificate, CloudVm, Fault
from boatyard.cloud.middlebox import Middlebox
from boatyard.cloud.site import Site
from boatyard.cloud.state import Phase, ScheduledEvent
from boatyard.ports.run import Command

if TYPE_CHECKING:
    from ipaddress import IPv4Address

    from boatyard.ports.run import HostRunner

READY = wire("POST", "/machine", health(container_id(VM), "Ready"), comp="health")


def lines(log: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_who_waits_is_told() -> None:
    fabric = RunningFabric(Site(VM), io.StringIO())
    with pytest.raises(TimeoutError):
        fabric.wait_for(lambda state: state.settled, 0.01)
    thread = threading.Thread(target=fabric.answer, args=(Server.WIRESERVER, READY, 0.0))
    thread.start()
    assert fabric.wait_for(lambda state: state.settled, 60).phase is Phase.READY
    thread.join()


def test_everything_is_recorded_and_secrets_are_not() -> None:
    log = io.StringIO()
    vm = msgspec.structs.replace(VM, password="hunter2-hunter2")
    fabric = RunningFabric(Site(vm), log)
    fabric.lease(Query(1, b"x" * 6, 1, "udhcp\n"), 0.0)
    fabric.answer(Server.IMDS, imds("instance", api_version="2021-02-01"), 0.0)
    told = health(container_id(vm), "NotReady", "ProvisioningFailed", "password hunter2-hunter2 refused")
    fabric.answer(Server.WIRESERVER, replace(READY, body=told), 0.0)
    fabric.answer(Server.IMDS, imds("hunter2-hunter2"), 0.0)
    fabric.saw("tcp 192.0.2.1:443", 0.0)
    fabric.schedule(ScheduledEvent(id="e", kind="Reboot", not_before=""))
    found = lines(log)
    assert [line["channel"] for line in found] == ["dhcp", "imds", "wireserver", "imds", "network", "fabric"]
    assert found[1]["what"] == "GET /metadata/instance?api-version=2021-02-01"
    assert found[2]["note"] == "NotReady ProvisioningFailed password (hidden) refused"
    assert "hunter2" not in log.getvalue()
    assert [record.line() for record in fabric.records] == log.getvalue().splitlines()


def test_agreement_to_maintenance_and_its_end_are_recorded() -> None:
    log = io.StringIO()
    fabric = RunningFabric(Site(VM), log)
    fabric.schedule(ScheduledEvent(id="e1", kind="Reboot", not_before=""))
    asked = imds("scheduledevents", api_version="2020-07-01")
    body = b'{"StartRequests": [{"EventId": "e1"}]}'
    fabric.answer(Server.IMDS, replace(asked, method="POST", body=body), 0.0)
    fabric.answer(Server.IMDS, asked, 0.0)
    fabric.complete("e1")
    fabric.tell("link down for 3 s")
    assert [line.get("note") or line["what"] for line in lines(log)] == [
        "scheduled Reboot e1",
        "begins Reboot e1",
        "GET /metadata/scheduledevents?api-version=2020-07-01",
        "completed e1",
        "link down for 3 s",
    ]
    assert fabric.state.events == ()


def test_places_are_told_with_the_names_that_led_there() -> None:
    log = io.StringIO()
    fabric = RunningFabric(Site(VM), log)
    fabric.saw("tcp 192.0.2.1:443", 0.0, name="example.org")
    fabric.saw("dns example.com", 0.0, name="example.com", passed=False)
    assert [(one.place, one.name, one.passed) for one in fabric.contacts()] == [
        ("tcp 192.0.2.1:443", "example.org", True),
        ("dns example.com", "example.com", False),
    ]
    assert [(line["what"], line.get("note")) for line in lines(log)] == [
        ("tcp 192.0.2.1:443", "example.org"),
        ("dns example.com (stopped)", "example.com"),
    ]


def test_a_full_disk_does_not_keep_the_guest_waiting() -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        fabric = RunningFabric(Site(VM), full)
        assert [fabric.answer(Server.WIRESERVER, READY, 0.0).status for _ in range(2)] == [200, 200]
        assert len(fabric.records) == 2
        with contextlib.suppress(OSError):
            full.close()


def test_dhcp_faults() -> None:
    vm = msgspec.structs.replace(VM, fault=Fault(dhcp_ignored=1, dhcp_delay_s=2.0, dhcp_without=(245,)))
    fabric = RunningFabric(Site(vm), io.StringIO())
    query = Query(1, b"x" * 6, 1)
    assert fabric.lease(query, 0.0) is None
    granted = fabric.lease(query, 0.0)
    assert granted is not None
    lease, delay_s = granted
    assert (str(lease.address), str(lease.gateway), lease.without, delay_s) == (
        "10.1.0.4/24",
        "10.1.0.1",
        frozenset({245}),
        2.0,
    )


def test_a_pooled_vm_is_assigned() -> None:
    fabric = RunningFabric(Site(VM, pool=CloudVm(name="pool01", vm_id=VM.id)), io.StringIO())
    body = health(container_id(CloudVm(name="pool01", vm_id=VM.id)), "Ready")
    fabric.answer(Server.WIRESERVER, replace(READY, body=body), 0.0)
    assert fabric.state.phase is Phase.POOLED
    fabric.assign()
    assert (fabric.state.phase, fabric.state.incarnation) == (Phase.PROVISIONING, 2)
    fabric.answer(Server.WIRESERVER, READY, 0.0)
    assert fabric.state.phase is Phase.READY


REQUESTS = st.sampled_from(
    [
        b"GET /metadata/instance?api-version=2021-02-01 HTTP/1.1\r\nHost: 169.254.169.254\r\nMetadata: true\r\n\r\n",
        b"POST /machine?comp=health HTTP/1.1\r\nHost: 168.63.129.16\r\nContent-Length: 60\r\n\r\n<Health><State>Ready",
        b"PUT /status HTTP/1.1\r\nHost: 168.63.129.16:32526\r\nContent-Length: 20\r\n\r\n{",
        b"GET /machine?comp=goalstate HTTP/1.1\r\nHost: 168.63.129.16\r\n\r\n",
        b"\r\n\r\n",
    ]
)


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(list(SERVERS)), st.lists(st.one_of(REQUESTS, st.binary(max_size=60)), max_size=12))
def test_any_bytes_to_any_server_are_survived(place: tuple[IPv4Address, int], pieces: list[bytes]) -> None:
    box = Middlebox(CABLE, RunningFabric(Site(VM), io.StringIO()), b"")
    guest = GuestConnection(box, *place)
    guest.open()
    for number, piece in enumerate(pieces):
        if guest.ended:
            break
        guest.ask(piece, float(number))
        assert box.deadline is None or box.deadline > number
    for answer in guest.received.split(b"HTTP/1.1 ")[1:]:
        assert answer[:3] in (b"200", b"400", b"404", b"405", b"410", b"413", b"429", b"431", b"501")


@pytest.mark.tool
def test_certificates_open_for_the_guest_alone(tmp_path: Path, run: HostRunner) -> None:
    def make(name: str) -> None:
        request = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-days", "9")
        run(Command(argv=("openssl", *request, "-keyout", f"{name}.key", "-out", f"{name}.pem"), cwd=tmp_path))

    for name in ("vault", "guest"):
        make(name)
    vault = Certificate(certificate=(tmp_path / "vault.pem").read_text(), key=(tmp_path / "vault.key").read_text())
    run(Command(argv=("openssl", "x509", "-in", "guest.pem", "-outform", "DER", "-out", "guest.der"), cwd=tmp_path))
    seal = OpensslSeal((vault,), run, tmp_path / "seal")
    (tmp_path / "sealed").write_bytes(seal((tmp_path / "guest.der").read_bytes(), "aes128"))
    opening = ("cms", "-decrypt", "-inform", "DER", "-in", "sealed", "-inkey", "guest.key", "-recip", "guest.pem")
    run(Command(argv=("openssl", *opening, "-out", "certs.pfx"), cwd=tmp_path))
    # As agents do it.
    listing = run(Command(argv=("openssl", "pkcs12", "-nodes", "-password", "pass:", "-in", "certs.pfx"), cwd=tmp_path))
    assert vault.key.split()[5] in listing.text
    assert not list((tmp_path / "seal").glob(".tmp-*"))
    with pytest.raises(BoatyardError):
        seal(b"no certificate", "aes128")
    with pytest.raises(BoatyardError):
        seal(bytes(100_000), "aes128")
