"""The instance metadata service: its rules of asking, its paths, and what it answers.

It hands out no identity: there is nothing here that a real Azure would accept.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from boatyard.base.error import BoatyardError
from boatyard.cloud.attest import facts, is_nonce
from boatyard.cloud.http import Response
from boatyard.cloud.instance import instance
from boatyard.cloud.ovf import environment
from boatyard.cloud.state import start_events

if TYPE_CHECKING:
    from boatyard.cloud.http import Request
    from boatyard.cloud.machine import CloudVm
    from boatyard.cloud.site import Site
    from boatyard.cloud.state import ScheduledEvent, State

JSON = "application/json; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
VERSIONS = (
    "2017-03-01", "2017-04-02", "2017-08-01", "2017-10-01", "2017-12-01", "2018-02-01", "2018-04-02", "2018-10-01",
    "2019-02-01", "2019-03-11", "2019-04-30", "2019-06-01", "2019-06-04", "2019-08-01", "2019-08-15", "2019-11-01",
    "2020-06-01", "2020-07-15", "2020-09-01", "2020-10-01", "2020-12-01", "2021-01-01", "2021-02-01", "2021-03-01",
    "2021-05-01", "2021-08-01", "2021-10-01", "2021-11-01", "2021-11-15", "2021-12-13", "2023-07-01", "2023-11-15",
    "2024-03-15", "2024-07-17", "2025-04-07",
)  # fmt: skip
# The scheduled events have versions of their own.
EVENT_VERSIONS = ("2017-08-01", "2017-11-01", "2019-01-01", "2019-04-01", "2019-08-01", "2020-07-01")
NEED_HEADER = "Bad request. Required metadata header not specified"
NEED_VERSION = (
    "Bad request. api-version is invalid or was not specified in the request. "
    "For more information refer to aka.ms/azureimds"
)
FORWARDED = "Bad request. X-Forwarded-For header is not allowed"
TWICE = "Bad request. A query parameter is given twice"
ATTESTED_SINCE = "2018-10-01"
UNSIGNED = "Not implemented. This local cloud cannot sign documents: its host lacks openssl"
MAX_STARTED = 100


def answer_imds(site: Site, state: State, request: Request) -> tuple[State, Response]:
    """Answers a request."""
    refused = _refusal(request)
    if refused is not None:
        return state, refused
    path = [part for part in request.path.split("/") if part]
    if not path or path[0].lower() != "metadata":
        return state, _error(404, "Not found")
    noun = path[1].lower() if len(path) > 1 else ""
    if noun == "scheduledevents":
        return _scheduled_events(site, state, request)
    if request.method != "GET":
        return state, _error(405, "Method not allowed")
    if noun == "versions":
        return state, _json({"apiVersions": list(VERSIONS)})
    version = request.parameter("api-version")
    if version not in VERSIONS:
        return state, _json({"error": NEED_VERSION, "newest-versions": list(VERSIONS[:-4:-1])}, 400)
    return state, _document(site, state, request, noun, path[2:], version)


def find(tree: Any, path: list[str]) -> Any:
    """The part of a document at a path of keys (in any case) and list indexes; None when there is none."""
    for part in path:
        if isinstance(tree, dict):
            tree = next((value for key, value in tree.items() if key.lower() == part.lower()), None)
        elif isinstance(tree, list) and part.isascii() and part.isdigit() and len(part) < 6 and int(part) < len(tree):
            tree = tree[int(part)]
        else:
            return None
    return tree


def as_text(tree: Any) -> str:
    """`format=text`: a leaf as it is, a node as the list of its keys, with `/` behind those that are nodes."""
    if isinstance(tree, dict):
        return "\n".join(f"{key}{'/' * isinstance(value, dict | list)}" for key, value in tree.items())
    if isinstance(tree, list):
        return "\n".join(f"{index}/" for index in range(len(tree)))
    return str(tree)


def _refusal(request: Request) -> Response | None:
    """What keeps requests out that a browser or a proxy was tricked into (SSRF)."""
    if request.header("metadata").lower() != "true":
        return _error(400, NEED_HEADER)
    if "x-forwarded-for" in request.headers:
        return _error(400, FORWARDED)
    names = [name.lower() for name, _ in request.query]
    return _error(400, TWICE) if len(set(names)) != len(names) else None


def _document(site: Site, state: State, request: Request, noun: str, path: list[str], version: str) -> Response:
    vm = site.seen(state)
    if noun == "instance":
        extended = request.parameter("extended").lower() == "true"
        tree = find(instance(vm, version, extended=extended, pooled=state.pooled), path)
        return _part(tree, request.parameter("format").lower())
    if noun == "identity":
        return _json({"error": "invalid_request", "error_description": "Identity not found"}, 400)
    if noun == "attested" and path[:1] == ["document"]:
        return _attested(site, vm, request.parameter("nonce"), version)
    if noun == "reprovisiondata":
        if site.pool is None or state.pooled:
            return _error(404, "Not found")
        return Response(200, environment(site.vm), "text/xml; charset=utf-8")
    return _error(404, "Not found")


def _attested(site: Site, vm: CloudVm, nonce: str, version: str) -> Response:
    if version < ATTESTED_SINCE:
        return _json({"error": NEED_VERSION, "newest-versions": list(VERSIONS[:-4:-1])}, 400)
    if not is_nonce(nonce):
        return _error(400, "Bad request. nonce has at most 10 digits")
    if site.attest is None:
        return _error(501, UNSIGNED)
    try:
        signature = base64.b64encode(site.attest(facts(vm, nonce))).decode()
    except BoatyardError:  # no openssl, or no space
        return _error(501, UNSIGNED)
    return _json({"encoding": "pkcs7", "signature": signature})


def _part(tree: Any, form: str) -> Response:
    leaf = not isinstance(tree, dict | list)
    if tree is None:
        return _error(404, "Not found")
    if form == "text":
        return Response(200, as_text(tree).encode(), TEXT)
    if leaf:
        return _error(400, "Bad request. A leaf needs format=text")
    return _json(tree)


def _scheduled_events(site: Site, state: State, request: Request) -> tuple[State, Response]:
    if request.parameter("api-version") not in EVENT_VERSIONS:
        return state, _json({"error": NEED_VERSION, "newest-versions": list(EVENT_VERSIONS[:-4:-1])}, 400)
    if request.method == "POST":
        try:
            starts = json.loads(request.body)["StartRequests"][:MAX_STARTED]
            ids = frozenset(str(start["EventId"]) for start in starts)
        except (ValueError, TypeError, KeyError, RecursionError):
            return state, _error(400, "Bad request. The body is no list of StartRequests")
        return start_events(state, ids), Response(200)
    if request.method != "GET":
        return state, _error(405, "Method not allowed")
    events = [_event(event, site.vm.name) for event in state.events]
    return state, _json({"DocumentIncarnation": state.event_document, "Events": events})


def _event(event: ScheduledEvent, name: str) -> dict[str, object]:
    return {
        "EventId": event.id,
        "EventType": event.kind,
        "ResourceType": "VirtualMachine",
        "Resources": [name],
        "EventStatus": event.status,
        "NotBefore": event.not_before if event.status == "Scheduled" else "",
        "Description": event.description,
        "EventSource": "Platform",
        "DurationInSeconds": event.duration_s,
    }


def _json(value: object, status: int = 200) -> Response:
    return Response(status, json.dumps(value).encode(), JSON)


def _error(status: int, text: str) -> Response:
    return _json({"error": text}, status)
