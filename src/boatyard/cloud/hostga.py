"""The HostGAPlugin's answers: settings of extensions (none), and the status that the Azure agent uploads."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from boatyard.cloud.goal_state import GOAL_STATE_TICKS, container_id, status_blob
from boatyard.cloud.http import Response
from boatyard.cloud.machine import LOCAL_SUBSCRIPTION
from boatyard.cloud.state import AgentStatus

if TYPE_CHECKING:
    from boatyard.cloud.http import Request
    from boatyard.cloud.machine import CloudVm
    from boatyard.cloud.site import Site
    from boatyard.cloud.state import State

JSON = "application/json; charset=utf-8"
VERSION = "1.0.8.172"  # agents want 1.0.8.133 at least
MAX_WORD = 200
MAX_EXTENSIONS = 50


def answer_hostga(site: Site, state: State, request: Request) -> tuple[State, Response]:
    """Answers a request."""
    path = request.path.rstrip("/").lower()
    if request.method == "GET":
        return state, _get(site, state, request, path)
    if request.method == "PUT" and path == "/status":
        told = parse_status(request.body)
        return (state, Response(400)) if told is None else (replace(state, agent=told), Response(200))
    if request.method == "PUT" and (path == "/vmagentlog" or path.startswith("/blob/status/")):
        return state, Response(200)
    if request.method == "POST" and path == "/health":
        return state, Response(200)
    return state, Response(404)


def vm_settings(vm: CloudVm, correlation: str) -> dict[str, object]:
    """The goal state of extensions, of which there are none."""
    container = container_id(vm)
    return {
        "hostGAPluginVersion": VERSION,
        "vmSettingsSchemaVersion": "0.0",
        "activityId": container,
        "correlationId": correlation or container,
        "inSvdSeqNo": 1,
        "extensionsLastModifiedTickCount": int(GOAL_STATE_TICKS),
        "extensionGoalStatesSource": "Fabric",
        "onHold": False,
        "statusUploadBlob": {"statusBlobType": "BlockBlob", "value": status_blob(vm)},
        "inVMMetadata": {
            "subscriptionId": LOCAL_SUBSCRIPTION,
            "resourceGroupName": vm.resource_group,
            "vmName": vm.name,
            "location": vm.location,
            "vmId": vm.id,
            "vmSize": vm.size,
            "osType": "Linux",
        },
        "requiredFeatures": [],
        "gaFamilies": [],
        "extensionGoalStates": [],
    }


def parse_status(body: bytes) -> AgentStatus | None:
    """What matters of an uploaded status: `content` is the base64 of the agent's document. None when it is none.

    Messages of extensions are left out, as they may hold what a script printed.
    """
    try:
        document: Any = json.loads(base64.b64decode(json.loads(body)["content"], validate=True))
        aggregate = document["aggregateStatus"]
        agent = aggregate["guestAgentStatus"]
        handlers = (aggregate.get("handlerAggregateStatus") or [])[:MAX_EXTENSIONS]
        return AgentStatus(
            version=str(agent["version"])[:MAX_WORD],
            status=str(agent["status"])[:MAX_WORD],
            extensions=tuple((str(h["handlerName"])[:MAX_WORD], str(h["status"])[:MAX_WORD]) for h in handlers),
        )
    except (ValueError, TypeError, KeyError, AttributeError, binascii.Error, RecursionError):
        return None


def _get(site: Site, state: State, request: Request, path: str) -> Response:
    vm = site.seen(state)
    if path == "/versions":
        return Response(200, b'["2015-09-01"]', JSON)
    if path == "/health":
        return Response(200)
    if path == "/vmsettings":
        tag = str(state.incarnation)
        if request.header("if-none-match").strip('"') == tag:
            return Response(304, headers={"ETag": tag})
        body = vm_settings(vm, request.header("x-ms-client-correlationid")[:MAX_WORD])
        return Response(200, json.dumps(body).encode(), JSON, {"ETag": tag})
    return Response(404)
