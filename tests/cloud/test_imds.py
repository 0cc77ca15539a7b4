"""The metadata service: its document, its rules, its faults."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cloud.some import IMDS_HOST, VM, VM_ID, imds

from boatyard.cloud.address import Server
from boatyard.cloud.answer import answer
from boatyard.cloud.http import Request, Response
from boatyard.cloud.machine import CloudVm, Fault
from boatyard.cloud.site import Site
from boatyard.cloud.state import Phase, ScheduledEvent, State, end_event, schedule

GOLDEN = Path(__file__).parent / "golden"
SITE = Site(VM)
LATEST = "2025-04-07"


def ask(request: Request, site: Site = SITE, state: State | None = None) -> Response:
    return answer(site, state or State(), Server.IMDS, request, 0.0)[1]


def test_the_document() -> None:
    response = ask(imds("instance", api_version="2021-08-01", extended="true"))
    assert json.loads(response.body) == json.loads((GOLDEN / "instance.json").read_text(encoding="utf-8"))


def test_every_primitive_is_a_string() -> None:
    def leaves(tree: object) -> list[object]:
        if isinstance(tree, dict):
            return [leaf for value in tree.values() for leaf in leaves(value)]
        if isinstance(tree, list):
            return [leaf for value in tree for leaf in leaves(value)]
        return [tree]

    found = leaves(json.loads(ask(imds("instance", api_version=LATEST)).body))
    assert found
    assert {type(leaf) for leaf in found} == {str}


@pytest.mark.parametrize(
    ("version", "there", "missing"),
    [("2017-08-01", {"vmId"}, {"publicKeys", "userData", "tagsList"}), ("2019-06-01", {"storageProfile"}, {"tagsList"}),
     ("2020-12-01", {"osProfile", "tagsList"}, {"userData"}), (LATEST, {"userData", "osProfile"}, set())],
)  # fmt: skip
def test_keys_appear_with_their_version(version: str, there: set[str], missing: set[str]) -> None:
    compute = json.loads(ask(imds("instance/compute", api_version=version)).body)
    assert there <= set(compute)
    assert not missing & set(compute)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("instance/compute/vmId", VM_ID),
        ("instance/COMPUTE/vmid", VM_ID),
        ("instance/network/interface/0/macAddress", "6045BD112233"),
        ("instance", "compute/\nnetwork/"),
        ("instance/network/interface", "0/"),
        ("instance/network/interface/0/ipv4/subnet/0", "address\nprefix"),
    ],
)
def test_text(path: str, text: str) -> None:
    assert ask(imds(path, api_version="2021-02-01", format="text")).body.decode() == text


WRONG = [
    (replace(imds("instance", api_version=LATEST), headers={"host": IMDS_HOST}), 400),
    (replace(imds("instance", api_version=LATEST), headers={"host": IMDS_HOST, "metadata": "false"}), 400),
    (
        replace(
            imds("instance", api_version=LATEST),
            headers={"host": IMDS_HOST, "metadata": "true", "x-forwarded-for": "192.0.2.1"},
        ),
        400,
    ),
    (replace(imds("instance", api_version=LATEST), headers={"host": "evil", "metadata": "true"}), 400),
    (replace(imds("instance", api_version=LATEST), headers={"metadata": "true"}), 400),
    (replace(imds("instance"), query=(("api-version", LATEST), ("API-version", LATEST))), 400),
    (replace(imds("instance", api_version=LATEST), method="POST"), 405),
    (replace(imds("instance", api_version=LATEST), method="PUT"), 405),
    (imds("instance"), 400),
    (imds("instance", api_version="1999-01-01"), 400),
    (imds("instance/compute/nothing", api_version=LATEST), 404),
    (imds("instance/network/interface/9", api_version=LATEST), 404),
    (imds("instance/network/interface/²", api_version=LATEST), 404),
    (imds("instance/compute/vmId", api_version=LATEST), 400),
    (imds("loadbalancer", api_version=LATEST), 404),
    (imds("identity/oauth2/token", api_version="2018-02-01", resource="https://management.azure.com/"), 400),
    (imds("attested/document", api_version="2020-09-01"), 501),
    (imds("attested/document", api_version="2018-04-02"), 400),
    (imds("attested/document", api_version="2020-09-01", nonce="12345678901"), 400),
    (imds("attested/document", api_version="2020-09-01", nonce="abc"), 400),
    (imds("reprovisiondata", api_version="2019-06-01"), 404),
    (imds("scheduledevents"), 400),
]


@pytest.mark.parametrize(("request_", "status"), WRONG)
def test_what_is_refused(request_: Request, status: int) -> None:
    response = ask(request_)
    assert response.status == status
    assert "error" in json.loads(response.body)


def test_there_is_no_identity() -> None:
    body = json.loads(ask(imds("identity/oauth2/token", api_version="2018-02-01", resource="x")).body)
    assert body == {"error": "invalid_request", "error_description": "Identity not found"}


def test_versions_need_no_version() -> None:
    assert LATEST in json.loads(ask(imds("versions")).body)["apiVersions"]


def test_maintenance_is_announced_and_agreed_to() -> None:
    event = ScheduledEvent(id="e1", kind="Reboot", not_before="Mon, 19 Sep 2026 18:29:47 GMT")
    state = schedule(State(), event)
    told = json.loads(ask(imds("scheduledevents", api_version="2020-07-01"), state=state).body)
    assert told["DocumentIncarnation"] == 2
    assert (told["Events"][0]["EventId"], told["Events"][0]["EventStatus"]) == ("e1", "Scheduled")
    agree = replace(
        imds("scheduledevents", api_version="2020-07-01"),
        method="POST",
        body=b'{"StartRequests": [{"EventId": "e1"}, {"EventId": "other"}]}',
    )
    state, response = answer(SITE, state, Server.IMDS, agree, 0.0)
    assert (response.status, state.events[0].status, state.event_document) == (200, "Started", 3)
    assert end_event(state, "e1").events == ()
    for body in (b"", b"[]", b'{"StartRequests": 3}', b"[" * 100_000):
        assert answer(SITE, state, Server.IMDS, replace(agree, body=body), 0.0)[1].status == 400


def test_maintenance_begins_in_its_time_without_agreement() -> None:
    state = schedule(State(), ScheduledEvent(id="e1", kind="Freeze", not_before="x", begins_s=60.0))
    for now, status, document in ((59.0, "Scheduled", 2), (60.0, "Started", 3), (61.0, "Started", 3)):
        state, response = answer(SITE, state, Server.IMDS, imds("scheduledevents", api_version="2020-07-01"), now)
        told = json.loads(response.body)
        assert (told["Events"][0]["EventStatus"], told["DocumentIncarnation"]) == (status, document)


def statuses(fault: Fault, times: list[float]) -> list[int]:
    site, state, seen = Site(msgspec.structs.replace(VM, fault=fault)), State(), []
    for now in times:
        state, response = answer(site, state, Server.IMDS, imds("versions"), now)
        seen.append(response.status if response.delay_s is not None else 0)
    return seen


def test_faults() -> None:
    assert statuses(Fault(imds_throttled=3, imds_errors=1), [0, 0, 0, 0, 0]) == [429, 429, 429, 500, 200]
    assert statuses(Fault(imds_silent=True), [0.0]) == [0]
    limited = Fault(imds_limit_per_s=5)
    assert statuses(limited, [0.1 * n for n in range(6)] + [3.0]) == [200] * 5 + [429, 200]


def test_a_pooled_vm_becomes_its_owners() -> None:
    site = Site(VM, pool=CloudVm(name="pool01", vm_id=VM_ID))
    state = State(phase=Phase.POOLED)
    before = json.loads(ask(imds("instance", api_version=LATEST, extended="true"), site, state).body)
    assert before["compute"]["osProfile"]["computerName"] == "pool01"
    assert before["extended"]["compute"]["ppsType"] == "Running"
    assert ask(imds("reprovisiondata", api_version="2019-06-01"), site, state).status == 404
    owned = State(phase=Phase.PROVISIONING)
    after = ask(imds("reprovisiondata", api_version="2019-06-01"), site, owned)
    assert b"<HostName>devvm01</HostName>" in after.body


@settings(deadline=None)
@given(st.text(max_size=30), st.lists(st.tuples(st.text(max_size=12), st.text(max_size=12)), max_size=4))
def test_any_request_is_answered(path: str, query: list[tuple[str, str]]) -> None:
    pairs = (("api-version", LATEST), *query)
    headers = {"host": IMDS_HOST, "metadata": "true"}
    for start in ("/metadata/", "/metadata/instance/", "/"):
        assert ask(Request("GET", start + path, pairs, headers)).status in (200, 400, 404, 405)
