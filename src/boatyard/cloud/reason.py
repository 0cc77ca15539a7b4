"""Why provisioning failed, out of an agent's words, or out of what it asked for."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from boatyard.cloud.record import Record

FIRST_ERROR = 400  # of the status codes of HTTP
SILENCE = ("ignored", "never answered")  # what `Record.note` says of requests that got nothing


def failure_reason(description: str) -> str:
    """The field `reason` of a report in the form of cloud-init and the Azure agent; other texts as they are.

    The form is a row of `name=value` fields between bars, quoted with apostrophes, such as
    `result=error|'reason=no ''HostName'''|agent=Cloud-Init/25.1.4|…`; agents may cut it anywhere.
    """
    try:
        fields = next(csv.reader([description], delimiter="|", quotechar="'"), [])
    except csv.Error:
        return description
    return next((field.removeprefix("reason=") for field in fields if field.startswith("reason=")), description)


def unanswered(records: Iterable[Record]) -> str:
    """What the guest asked for in vain until the end, for a VM that reports nothing; empty when all was answered."""
    vain: dict[str, list[Record]] = {}
    for one in records:
        failed = one.status >= FIRST_ERROR or one.note in SILENCE
        vain[one.channel] = [*vain.get(one.channel, ()), one] if failed else []
    told = [
        f"the last {len(these)} over {channel}, {these[-1].what}: {these[-1].status or these[-1].note}"
        for channel, these in vain.items()
        if these
    ]
    if told:
        return f"what the guest asked for in vain: {'; '.join(told)}"
    return "" if vain else "the guest has asked the cloud for nothing"
