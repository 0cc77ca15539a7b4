"""What passed between a machine and its cloud, in HTML: requests, events, places it went to, commands it missed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from boatyard.report.markup import Markup, join, own, tag
from boatyard.report.trial_check_table import MAX_ROWS, left_out
from boatyard.report.trial_timeline import HTTP_LANES, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    from boatyard.artifact.trial_report import Contact, Moment, SeenCommand

    Value = TypeVar("Value")

EXPECTED = {
    "missing": "missing",
    "present": "present",
    "unknown": "could not tell",
    "": "in no file that was checked",
}


def requests(moments: Sequence[Moment]) -> Markup:
    """The requests to the cloud's three servers, folded."""
    asked = [moment for moment in moments if moment.lane in HTTP_LANES]
    refused = Counter(moment.status for moment in asked if moment.status >= 400)
    silent = sum(kind_of(moment) == "silent" for moment in asked)
    words = [f"{count} × {status}" for status, count in sorted(refused.items())][:6]
    words += [f"{silent} never answered"] if silent else []
    heads = ("Time", "Server", "Method", "Path", "Status", "Agent", "Note")
    return _folded(_sum("Requests", len(asked), words), "requests log", heads, asked, _request)


def events(moments: Sequence[Moment]) -> Markup:
    """Everything of the timeline that is no request, folded."""
    others = [moment for moment in moments if moment.lane not in HTTP_LANES]
    heads = ("Time", "Lane", "What", "Note")
    return _folded(_sum("Events", len(others), []), "events log", heads, others, _event)


def contacts(contacts: Sequence[Contact]) -> Markup:
    """The places outside of the cloud."""
    if not contacts:
        return tag("p", "It contacted nothing outside of the cloud.", class_="none")
    stopped = sum(not contact.passed for contact in contacts)
    told = (
        f"{_places(len(contacts))}; {stopped} stopped by the egress policy."
        if stopped
        else _places(len(contacts)) + "."
    )
    rows = [
        tag(
            "tr",
            tag("td", _seconds(one.at_s), class_="number"),
            tag("th", tag("code", one.place), scope="row"),
            tag("td", one.name),
            tag("td", tag("span", "passed" if one.passed else "stopped", class_="passed" if one.passed else "failed")),
        )
        for one in contacts[:MAX_ROWS]
    ]
    heads = ("First seen", "Place", "Name it asked for", "")
    return join([tag("p", told), _table("contacts log", heads, rows), left_out(len(contacts) - MAX_ROWS, "places")])


def commands(commands: Sequence[SeenCommand]) -> Markup:
    """What the static check foretold about commands, and what the guest said."""
    if not commands:
        return tag("p", "No command was missing, and none was expected to be.", class_="none")
    heads = ("Command", "The static check said", "The guest said", "")
    rows = [
        tag(
            "tr",
            tag("th", tag("code", one.name), scope="row"),
            tag("td", EXPECTED[one.expected], data_head=heads[1]),
            tag("td", "command not found" if one.seen else "nothing", data_head=heads[2]),
            tag("td", *_agreement(one)),
        )
        for one in commands[:MAX_ROWS]
    ]
    return join([_table("commands", heads, rows), left_out(len(commands) - MAX_ROWS, "commands")])


def _agreement(one: SeenCommand) -> tuple[Markup, ...]:
    if one.seen and one.expected == "missing":
        return (tag("span", "foreseen", class_="passed"),)
    if one.seen:
        return (tag("span", "not foreseen", class_="failed" if one.expected == "present" else "unknown"),)
    return (tag("span", "did not come to it" if one.expected == "missing" else "agreed", class_="skipped"),)


def _request(moment: Moment) -> Markup:
    method, _, path = moment.what.partition(" ")
    status = str(moment.status) if moment.status else "no answer"
    return tag(
        "tr",
        tag("td", _seconds(moment.at_s), class_="number"),
        tag("td", moment.lane),
        tag("td", method),
        tag("td", tag("code", path), class_="path"),
        tag("td", status, class_=kind_of(moment)),
        tag("td", moment.agent, class_="agent"),
        tag("td", moment.note, class_="note"),
    )


def _event(moment: Moment) -> Markup:
    note = " · ".join(filter(None, (moment.agent, moment.note)))
    cells = (moment.lane, moment.what, note)
    return tag("tr", tag("td", _seconds(moment.at_s), class_="number"), *(tag("td", text) for text in cells))


def _folded(
    summary: str, class_: str, heads: Sequence[str], values: Sequence[Value], row: Callable[[Value], Markup]
) -> Markup:
    """A table in a fold; of a very long one the beginning and the end."""
    if not values:
        return own("")
    half = MAX_ROWS // 2
    shown = values if len(values) <= MAX_ROWS else (*values[:half], *values[-half:])
    told = left_out(len(values) - len(shown), f"in the middle of these {summary.partition(':')[0].lower()}")
    return tag("details", tag("summary", summary), told, _table(class_, heads, [row(value) for value in shown]))


def _table(class_: str, heads: Sequence[str], rows: Sequence[Markup]) -> Markup:
    head = tag("thead", tag("tr", *(tag("th", text, scope="col") if text else tag("td") for text in heads)))
    return tag("table", head, tag("tbody", *rows), class_=f"{class_} stacked")


def _sum(what: str, count: int, words: Sequence[str]) -> str:
    return f"{what}: {count}" + (f" ({', '.join(words)})" if words else "")


def _places(count: int) -> str:
    return f"{count} place{'' if count == 1 else 's'}"


def _seconds(value: float) -> str:
    return f"{value:.1f} s"
