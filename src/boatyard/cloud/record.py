"""What passed between guest and fabric, one JSON line each: who asked what, what was answered; no secret."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from boatyard.artifact.codec import Artifact

if TYPE_CHECKING:
    from collections.abc import Iterable

    from boatyard.cloud.http import Request, Response
    from boatyard.cloud.state import State

MAX_TEXT = 500
HIDDEN = "(hidden)"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Record(Artifact, frozen=True):
    """One exchange. `at_s`: seconds since power-on; `channel`: dhcp, wireserver, hostga, imds, network or fabric.

    `status`: of HTTP, 0 for other channels. Bodies and certificates are not kept; `note` tells what matters of them.
    """

    at_s: float
    channel: str
    what: str
    status: int = 0
    agent: str = ""
    note: str = ""

    def line(self) -> str:
        """The JSON line, without its end."""
        values = {
            "at_s": round(self.at_s, 3),
            "channel": self.channel,
            "what": self.what,
            "status": self.status,
            "agent": self.agent,
            "note": self.note,
        }
        return json.dumps({key: value for key, value in values.items() if value not in ("", 0) or key == "at_s"})


def exchange(
    channel: str, request: Request, response: Response, states: tuple[State, State], secrets: Iterable[str], now: float
) -> Record:
    """The record of a request; `states` are those before and after it."""
    query = "&".join(f"{name}={value}" for name, value in request.query)
    what = f"{request.method} {request.path}" + (f"?{query}" if query else "")
    note = _note(*states)
    if response.delay_s is None:
        note = "never answered"
    return Record(
        at_s=now,
        channel=channel,
        what=redact(what, secrets),
        status=response.status if response.delay_s is not None else 0,
        agent=redact(request.header("user-agent") or request.header("x-ms-agent-name"), secrets),
        note=redact(note, secrets),
    )


def redact(text: str, secrets: Iterable[str]) -> str:
    """The text without secrets and control characters, at most 500 characters."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    text = _CONTROL.sub("�", text)
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


def _note(before: State, after: State) -> str:
    if len(after.reports) and after.reports is not before.reports:
        told = after.reports[-1]
        words = ("Ready" if told.ready else "NotReady", told.sub_status, told.description)
        return " ".join(word for word in words if word)
    begun = [event for event in after.events if event.status == "Started" and event not in before.events]
    if begun:
        return " ".join(f"begins {event.kind} {event.id}" for event in begun)
    if after.agent is not None and after.agent != before.agent:
        return f"agent {after.agent.version} {after.agent.status}"
    return ""
