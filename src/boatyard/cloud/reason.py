"""Why provisioning failed, out of an agent's words."""

from __future__ import annotations

import csv


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
