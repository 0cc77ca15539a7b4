"""The WireServer and the HostGAPlugin: what agents read, and what becomes of what they report."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import fromstring

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cloud.some import HOSTGA_HOST, VM, health, wire

from boatyard.cloud.address import Server
from boatyard.cloud.answer import answer
from boatyard.cloud.goal_state import (
    container_id,
    extensions_config,
    goal_state,
    hosting_environment,
    shared_config,
    versions,
)
from boatyard.cloud.hostga import parse_status
from boatyard.cloud.http import Request
from boatyard.cloud.machine import Certificate, CloudVm, Fault
from boatyard.cloud.reason import failure_reason
from boatyard.cloud.site import Site
from boatyard.cloud.state import Phase, State

GOLDEN = Path(__file__).parent / "golden"
SITE = Site(VM)
CONTAINER = container_id(VM)


def tell(state: State, body: bytes, site: Site = SITE) -> tuple[State, int]:
    state, response = answer(site, state, Server.WIRESERVER, wire("POST", "/machine", body, comp="health"), 7.0)
    return state, response.status


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("versions.xml", versions()),
        ("goal-state.xml", goal_state(VM, 1)),
        ("hosting-environment.xml", hosting_environment(VM, 1)),
        ("shared-config.xml", shared_config(VM, 1)),
        ("extensions-config.xml", extensions_config(VM, 1)),
    ],
)
def test_documents(name: str, text: str) -> None:
    assert text == (GOLDEN / name).read_text(encoding="utf-8")
    fromstring(text.encode())


def test_every_url_of_the_goal_state_is_answered() -> None:
    vm = msgspec.structs.replace(VM, certificates=(Certificate(certificate="c", key="k"),))
    asked: list[tuple[bytes, str]] = []

    def seal(recipient: bytes, cipher: str) -> bytes:
        asked.append((recipient, cipher))
        return b"sealed"

    site = Site(vm, seal=seal)
    root = fromstring(goal_state(vm, 1).encode())
    urls = [e.text for e in root.iter() if e.text and e.text.startswith("http://168.63.129.16:80/machine/")]
    assert len(urls) == 5
    for url in urls:
        path, _, query = url.removeprefix("http://168.63.129.16:80").partition("?")
        pairs = dict(pair.split("=") for pair in query.split("&"))
        request = wire("GET", path, **pairs)
        headers = {**request.headers, "x-ms-cipher-name": "AES128_CBC", "x-ms-guest-agent-public-x509-cert": "AAEC"}
        _, response = answer(site, State(), Server.WIRESERVER, replace(request, headers=headers), 0.0)
        assert response.status == 200
        fromstring(response.body)
    assert asked == [(b"\0\1\2", "aes128")]
    assert base64.b64encode(b"sealed") in response.body


@pytest.mark.parametrize("header", ["***", "é", ""])
def test_a_guest_without_a_certificate_gets_none(header: str) -> None:
    def refuse(recipient: bytes, cipher: str) -> bytes:
        raise ValueError

    site = Site(msgspec.structs.replace(VM, certificates=(Certificate(certificate="c", key="k"),)), seal=refuse)
    request = wire("GET", "/machine/c/i", comp="certificates")
    request = replace(request, headers={**request.headers, "x-ms-guest-agent-public-x509-cert": header})
    assert answer(site, State(), Server.WIRESERVER, request, 0.0)[1].status == 400


@pytest.mark.parametrize(
    ("method", "path", "component", "status"),
    [
        ("GET", "/", "versions", 200),
        ("GET", "/machine/", "goalstate", 200),
        ("GET", "/machine", "goalstate", 200),
        ("POST", "/machine", "roleProperties", 202),
        ("POST", "/machine", "telemetrydata", 200),
        ("POST", "/HealthService", "", 200),
        ("GET", "/machine", "certificates", 404),
        ("GET", "/etc/passwd", "", 404),
        ("DELETE", "/machine", "goalstate", 405),
    ],
)
def test_paths(method: str, path: str, component: str, status: int) -> None:
    request = wire(method, path, comp=component)
    assert answer(SITE, State(), Server.WIRESERVER, request, 0.0)[1].status == status


def test_ready_comes_from_the_first_agent_and_stays_when_the_second_starts() -> None:
    state, status = tell(State(), health(CONTAINER, "Ready"))
    assert (status, state.phase) == (200, Phase.READY)
    state, _ = tell(state, health(CONTAINER, "NotReady", "Provisioning", "Starting"))
    assert state.phase is Phase.READY
    assert [(told.ready, told.sub_status, told.at_s) for told in state.reports] == [
        (True, "", 7.0),
        (False, "Provisioning", 7.0),
    ]


def test_failure_has_its_reason_and_is_final() -> None:
    words = "result=error|'reason=it''s no |disk|'|agent=Cloud-Init/25.1.4"
    state, _ = tell(State(), health(CONTAINER, "NotReady", "ProvisioningFailed", words))
    assert (state.phase, state.reason) == (Phase.FAILED, "it's no |disk|")
    assert state.reports[0].description == words
    state, _ = tell(state, health(CONTAINER, "Ready"))
    assert state.phase is Phase.FAILED


@pytest.mark.parametrize("words", ["", "why", "result=error|'reas", "a=b|c=d", "'", "\n|\r'"])
def test_other_words_are_the_reason_themselves(words: str) -> None:
    assert failure_reason(words) == words


def test_another_container_is_gone() -> None:
    state, status = tell(State(), health("someone-else", "Ready"))
    assert (status, state.phase) == (410, Phase.PROVISIONING)


@pytest.mark.parametrize(
    "body",
    [b"", b"<Health>", b"<!DOCTYPE x [<!ENTITY a 'b'>]><Health/>", b"<Health><State>Perhaps</State></Health>",
     '<?xml version="1.0" encoding="utf-16"?><H/>'.encode("utf-16"), b"<a>" * 30_000,
     b'<?xml version="1.0" encoding="nope"?><a/>'],
)  # fmt: skip
def test_hostile_reports_are_refused(body: bytes) -> None:
    state, status = tell(State(), body)
    assert status == 400
    assert state.phase is Phase.PROVISIONING


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_report_is_survived(body: bytes) -> None:
    tell(State(), b"<Health>" + body + b"</Health>")
    for path in ("/provisioning/health", "/machine"):
        answer(SITE, State(), Server.WIRESERVER, wire("POST", path, body), 0.0)


def test_azure_init_tells_in_json() -> None:
    failed = {"state": "NotReady", "details": {"subStatus": "ProvisioningFailed", "description": "why"}}
    request = wire("POST", "/provisioning/health", json.dumps(failed).encode())
    state, response = answer(SITE, State(), Server.WIRESERVER, request, 0.0)
    assert (response.status, state.phase, state.reason) == (200, Phase.FAILED, "why")
    ready = wire("POST", "/provisioning/health", b'{"state": "Ready"}')
    assert answer(SITE, State(), Server.WIRESERVER, ready, 0.0)[0].phase is Phase.READY


def test_the_agents_status_is_read_without_what_scripts_printed() -> None:
    document = {
        "aggregateStatus": {
            "guestAgentStatus": {"version": "2.12", "status": "Ready", "formattedMessage": {"message": "x"}},
            "handlerAggregateStatus": [{"handlerName": "CustomScript", "status": "Ready", "message": "secret"}],
        }
    }
    body = json.dumps({"content": base64.b64encode(json.dumps(document).encode()).decode()}).encode()
    request = Request("PUT", "/status", (), {"host": HOSTGA_HOST}, body)
    state, response = answer(SITE, State(), Server.HOSTGA, request, 0.0)
    assert response.status == 200
    assert state.agent is not None
    assert (state.agent.version, state.agent.extensions) == ("2.12", (("CustomScript", "Ready"),))
    assert "secret" not in repr(state)


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.text() | st.integers(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["content", "aggregateStatus", "x"]), inner),
    )
)
def test_any_status_is_survived(value: object) -> None:
    parse_status(json.dumps(value).encode())
    parse_status(json.dumps({"content": base64.b64encode(json.dumps(value).encode()).decode()}).encode())


def test_settings_of_extensions_have_a_tag() -> None:
    request = Request("GET", "/vmSettings", (), {"host": HOSTGA_HOST, "x-ms-client-correlationid": "c"})
    _, first = answer(SITE, State(), Server.HOSTGA, request, 0.0)
    body = json.loads(first.body)
    assert (first.headers["ETag"], body["correlationId"], body["extensionGoalStates"]) == ("1", "c", [])
    again = replace(request, headers={**request.headers, "if-none-match": "1"})
    assert answer(SITE, State(), Server.HOSTGA, again, 0.0)[1].status == 304


def spoiled(fault: Fault) -> Site:
    return Site(msgspec.structs.replace(VM, fault=fault))


def test_the_first_requests_fail_when_told_to() -> None:
    site, state = spoiled(Fault(wireserver_errors=2)), State()
    seen = []
    for _ in range(3):
        state, response = answer(site, state, Server.WIRESERVER, wire("GET", "/", comp="versions"), 0.0)
        seen.append(response.status)
    assert seen == [500, 500, 200]


def test_health_reports_fail_when_told_to() -> None:
    site, state = spoiled(Fault(health_errors=1, stale_goal_state=2)), State()
    seen = []
    for _ in range(3):
        state, status = tell(state, health(CONTAINER, "Ready"), site)
        seen.append((status, state.phase.value))
    assert seen == [(500, "provisioning"), (410, "provisioning"), (200, "ready")]


def test_another_host_is_refused() -> None:
    request = replace(wire("GET", "/", comp="versions"), headers={"host": "evil.example"})
    assert answer(SITE, State(), Server.WIRESERVER, request, 0.0)[1].status == 400


def test_ids_depend_on_the_vm_only() -> None:
    assert container_id(VM) == container_id(msgspec.structs.replace(VM, size="other"))
    assert container_id(VM) != container_id(CloudVm(name="devvm02"))
