"""`(site, state, request) → (state, response)`: the fabric as one pure function, with the faults it is told to have."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from boatyard.cloud.address import ADDRESS_OF, SERVERS, Server
from boatyard.cloud.hostga import answer_hostga
from boatyard.cloud.http import Response
from boatyard.cloud.imds import JSON, answer_imds
from boatyard.cloud.state import start_due_events
from boatyard.cloud.wireserver import answer_wireserver

if TYPE_CHECKING:
    from boatyard.cloud.http import Request
    from boatyard.cloud.machine import Fault
    from boatyard.cloud.site import Site
    from boatyard.cloud.state import State

SECOND = 1.0
OTHER_HOST = "Bad request. The Host header names another server"
TOO_MANY = Response(429, json.dumps({"error": "Too many requests"}).encode(), JSON, {"Retry-After": "1"})


def answer(site: Site, state: State, server: Server, request: Request, now: float) -> tuple[State, Response]:
    """Answers a request to a server; `now` is seconds since power-on."""
    if not _names(server, request.header("host")):
        return state, Response(400, json.dumps({"error": OTHER_HOST}).encode(), JSON)
    fault, state = site.vm.fault, start_due_events(state, now)
    state, spoilt = _spoil(fault, state, server, request, now)
    if spoilt is not None:
        return state, spoilt
    if server is Server.IMDS:
        state, response = answer_imds(site, state, request)
        return state, replace(response, delay_s=fault.imds_delay_s)
    if server is Server.WIRESERVER:
        state, response = answer_wireserver(site, state, request, now)
    else:
        state, response = answer_hostga(site, state, request)
    return state, replace(response, delay_s=fault.wireserver_delay_s)


def _names(server: Server, host: str) -> bool:
    """Whether a Host header means this server: a name that was made to point here (DNS rebinding) does not."""
    address = ADDRESS_OF[server]
    ports = [port for (_, port), one in SERVERS.items() if one is server]
    return host in (str(address), *(f"{address}:{port}" for port in ports))


def _spoil(fault: Fault, state: State, server: Server, request: Request, now: float) -> tuple[State, Response | None]:
    if server is Server.IMDS:
        return _spoil_imds(fault, state, now)
    count = replace(state.count, wireserver=state.count.wireserver + 1)
    health = request.method == "POST" and request.parameter("comp").lower() == "health"
    if health and count.health < fault.health_errors:
        return replace(state, count=replace(count, health=count.health + 1)), Response(500)
    state = replace(state, count=count)
    return state, Response(500) if count.wireserver <= fault.wireserver_errors else None


def _spoil_imds(fault: Fault, state: State, now: float) -> tuple[State, Response | None]:
    count = replace(state.count, imds=state.count.imds + 1)
    times: tuple[float, ...] = ()
    if fault.imds_limit_per_s:
        times = (*(time for time in state.imds_times if time > now - SECOND), now)[-fault.imds_limit_per_s - 1 :]
    state = replace(state, count=count, imds_times=times)
    if fault.imds_silent:
        return state, Response(500, delay_s=None)
    if count.imds <= fault.imds_throttled or len(times) > max(fault.imds_limit_per_s, 0) > 0:
        return state, TOO_MANY
    if count.imds <= fault.imds_throttled + fault.imds_errors:
        return state, Response(500, json.dumps({"error": "Internal server error"}).encode(), JSON)
    return state, None
