"""The WireServer's answers: protocol versions, goal state, configurations, certificates, health, telemetry."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from boatyard.base.error import BoatyardError
from boatyard.cloud.goal_state import (
    certificate_file,
    container_id,
    extensions_config,
    goal_state,
    hosting_environment,
    shared_config,
    versions,
)
from boatyard.cloud.http import Response
from boatyard.cloud.state import Report, report
from boatyard.cloud.xml import child_text, parse_document

if TYPE_CHECKING:
    from boatyard.cloud.http import Request
    from boatyard.cloud.site import Site
    from boatyard.cloud.state import State

XML = "text/xml; charset=utf-8"
CIPHERS = {"DES_EDE3_CBC": "des3", "AES128_CBC": "aes128"}  # x-ms-cipher-name → openssl
MAX_DESCRIPTION = 4096
MAX_WORD = 200
NOT_FOUND = Response(404)
CONFIGS = {
    "hostingenvironmentconfig": hosting_environment,
    "sharedconfig": shared_config,
    "extensionsconfig": extensions_config,
    "fullconfig": hosting_environment,
}


def answer_wireserver(site: Site, state: State, request: Request, now: float) -> tuple[State, Response]:
    """Answers a request; `now` is seconds since power-on."""
    path, component = request.path.rstrip("/").lower(), request.parameter("comp").lower()
    if request.method == "POST":
        return _post(site, state, request, path, component, now)
    if request.method != "GET":
        return state, Response(405)
    vm = site.seen(state)
    if path == "" and component == "versions":
        return state, _xml(versions())
    if path == "/machine" and component == "goalstate":
        return state, _xml(goal_state(vm, state.incarnation))
    if path.startswith("/machine/") and component == "config":
        render = CONFIGS.get(request.parameter("type").lower())
        return state, NOT_FOUND if render is None else _xml(render(vm, state.incarnation))
    if path.startswith("/machine/") and component == "certificates":
        return state, _certificates(site, state, request)
    return state, NOT_FOUND


def _post(site: Site, state: State, request: Request, path: str, component: str, now: float) -> tuple[State, Response]:
    if path == "/machine" and component == "health":
        return _health(site, state, request, now)
    if path == "/provisioning/health":
        return _azure_init_health(state, request, now)
    if path == "/machine" and component == "telemetrydata":
        return state, Response(200)
    if path == "/machine" and component == "roleproperties":
        return state, Response(202)
    if path == "/healthservice":
        return state, Response(200)
    return state, NOT_FOUND


def _health(site: Site, state: State, request: Request, now: float) -> tuple[State, Response]:
    root = parse_document(request.body)
    if root is None or child_text(root, "State") not in ("Ready", "NotReady"):
        return state, Response(400)
    vm = site.seen(state)
    state = replace(state, count=replace(state.count, health=state.count.health + 1))
    if child_text(root, "ContainerId") != container_id(vm) or state.count.health <= vm.fault.stale_goal_state:
        return state, Response(410)
    told = Report(
        agent=(request.header("user-agent") or request.header("x-ms-agent-name"))[:MAX_WORD],
        ready=child_text(root, "State") == "Ready",
        sub_status=child_text(root, "SubStatus")[:MAX_WORD],
        description=child_text(root, "Description")[:MAX_DESCRIPTION],
        at_s=now,
    )
    return report(state, told), Response(200)


def _azure_init_health(state: State, request: Request, now: float) -> tuple[State, Response]:
    """azure-init asks for no goal state; it tells its end here."""
    try:
        body = json.loads(request.body[: MAX_DESCRIPTION * 2])
        word, details = body["state"], body.get("details") or {}
        sub_status, description = str(details.get("subStatus", "")), str(details.get("description", ""))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return state, Response(400)
    if word not in ("Ready", "NotReady"):
        return state, Response(400)
    agent = request.header("x-ms-guest-agent-name") or "azure-init"
    told = Report(
        agent=agent[:MAX_WORD],
        ready=word == "Ready",
        sub_status=sub_status[:MAX_WORD],
        description=description[:MAX_DESCRIPTION],
        at_s=now,
    )
    return report(state, told), Response(200)


def _certificates(site: Site, state: State, request: Request) -> Response:
    if site.seal is None or not site.seen(state).certificates:
        return NOT_FOUND
    cipher = CIPHERS.get(request.header("x-ms-cipher-name") or "DES_EDE3_CBC")
    if cipher is None:
        return Response(400)
    try:
        recipient = base64.b64decode(request.header("x-ms-guest-agent-public-x509-cert"), validate=True)
        return _xml(certificate_file(site.seal(recipient, cipher), state.incarnation))
    except (binascii.Error, ValueError, BoatyardError):  # the guest's certificate is none
        return Response(400)


def _xml(text: str) -> Response:
    return Response(200, text.encode(), XML)
