"""A trial as one HTML page that needs nothing else: no script, no font, no picture, no network.

All that a guest said is text in it (`report.markup`), and its content security policy allows its own style sheet alone.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.artifact.trial_report import TITLES
from boatyard.report.markup import Markup, block, join, own, tag
from boatyard.report.trial_check_table import check_tables, failures, mark, rows_of
from boatyard.report.trial_cloud_table import commands, contacts, events, requests
from boatyard.report.trial_timeline import legend, timeline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boatyard.artifact.trial_report import PhaseRow, TrialReport
    from boatyard.report.trial_check_table import Row

STYLE = Path(__file__).parent / "data/trial.css"
MAX_FAILURES = 5
MAX_DRAWN = 5000
# Phases after which there is no login: then the console is the evidence, and is not folded.
BEFORE_LOGIN = ("boot", "provision")
ACCELERATORS = {"tcg": "tcg (the processor was emulated, so times are long)", "kvm": "kvm"}
SNAPSHOTS = {
    "none": "none was used",
    "saved": "saved for the next trial",
    "restored": "restored: the machine was booted and provisioned in an earlier trial",
}


def to_html(report: TrialReport) -> str:
    """The page."""
    style = STYLE.read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{headline(report)}: {report.scenario}"),
        tag("style", own(style)),
    )
    page = tag("html", head, own("\n"), tag("body", join(list(_body(report)))), lang="en")
    return f"<!doctype html>\n{page}\n"


def headline(report: TrialReport) -> str:
    """The verdict in a few words."""
    if report.failed_phase is not None:
        return f"Failed at {TITLES[report.failed_phase]}"
    return "Passed" if report.passed else "Failed"


def _body(report: TrialReport) -> Iterator[Markup]:
    rows = rows_of(report.checks)
    yield _verdict(report, rows)
    sections = {
        "What was checked": check_tables(rows),
        "Timeline": _timeline(report),
        "What it contacted": contacts(report.contacts),
        "Commands it missed": commands(report.commands),
        "Console": _console(report),
        "Not emulated here": _not_emulated(report.not_emulated),
    }
    anchors = {title: title.lower().replace(" ", "-") for title in sections}
    links = [tag("li", tag("a", title, href=f"#{anchor}")) for title, anchor in anchors.items()]
    yield tag("nav", tag("ul", *links), aria_label="On this page")
    parts = [tag("section", tag("h2", "Phases"), _phases(report.phases)), _facts(report)]
    for title, content in sections.items():
        heading = tag("h2", title, id=f"{anchors[title]}-title")
        parts.append(tag("section", heading, content, id=anchors[title], aria_labelledby=f"{anchors[title]}-title"))
    yield tag("main", *(piece for part in parts for piece in (part, own("\n"))))
    yield tag("footer", "Made by Boatyard. Times are seconds from power-on. The same as data: report.json.")


def _verdict(report: TrialReport, rows: Sequence[Row]) -> Markup:
    outcome = "passed" if report.passed else "failed"
    summary = f"{report.scenario} on {report.image.name or report.image.path}, {report.seconds:.0f} s"
    return tag(
        "header",
        tag("p", "Boatyard trial", class_="kicker"),
        tag("h1", tag("span", "✓" if report.passed else "✗", aria_hidden="true"), f" {headline(report)}"),
        tag("p", report.reason, class_="reason") if report.reason else None,
        failures(rows, MAX_FAILURES),
        tag("p", summary, class_="summary"),
        class_=f"verdict {outcome}",
    )


def _facts(report: TrialReport) -> Markup:
    image = report.image
    known = "built here; its manifest tells what is in it" if image.built_here else "from elsewhere"
    facts = {
        "Image": f"{image.name} ({image.format})" if image.name else image.format,
        "File": image.path,
        "SHA-256": tag("code", image.sha256),
        "Origin": known,
        "Machine": f"{report.machine}, {report.generation} ({'UEFI' if report.generation == 'gen2' else 'BIOS'})",
        "Accelerator": ACCELERATORS.get(report.accelerator, report.accelerator),
        "Snapshot": SNAPSHOTS[report.snapshot],
        "Ready": f"{report.ready_s:.1f} s after power-on" if report.ready_s else "never reported",
        "Started": report.started,
        "Exit code": str(report.exit_code),
    }
    pairs = [tag("div", tag("dt", name), tag("dd", value)) for name, value in facts.items() if value]
    return tag("section", tag("h2", "Facts"), tag("dl", *pairs))


def _phases(phases: Sequence[PhaseRow]) -> Markup:
    whole = sum(phase.seconds for phase in phases) or 1.0
    rows, before = [], 0.0
    for phase in phases:
        rows.append(_phase(phase, before / whole, phase.seconds / whole))
        before += phase.seconds
    heads = [tag("th", text, scope="col") for text in ("Phase", "Time")]
    heads += [tag("td", class_="bar"), tag("th", "Why", scope="col")]
    return tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *rows), class_="phases stacked")


def _phase(phase: PhaseRow, start: float, share: float) -> Markup:
    bar = tag(
        "rect", x=f"{100 * start:.2f}%", width=f"{max(100 * share, 0.3):.2f}%", y=3, height=10, rx=2,
        class_=f"{phase.outcome}{' earlier' if phase.from_snapshot else ''}",
    )  # fmt: skip
    told = [phase.reason] if phase.reason else []
    if phase.from_snapshot:
        told.insert(0, "in an earlier trial, whose machine was restored")
    return tag(
        "tr",
        tag("th", mark(phase.outcome), tag("span", TITLES[phase.name]), scope="row"),
        tag("td", "" if phase.outcome == "skipped" else f"{phase.seconds:.1f} s", class_="number"),
        tag("td", tag("svg", bar, width="100%", height=16, aria_hidden="true"), class_="bar"),
        tag("td", "; ".join(told), class_="why"),
    )


def _timeline(report: TrialReport) -> Markup:
    if not report.moments:
        return tag("p", "The machine was never started.", class_="none")
    moments = sorted(report.moments, key=lambda moment: moment.at_s)
    drawing = timeline(moments[:MAX_DRAWN], report.ready_s)
    return join([drawing, legend(report.ready_s > 0), events(moments), requests(moments)])


def _console(report: TrialReport) -> Markup:
    if not report.console:
        return tag("p", "The console said nothing.", class_="none")
    return tag(
        "details",
        tag("summary", "Its last lines"),
        tag("pre", block(report.console), tabindex=0),
        open=report.failed_phase in BEFORE_LOGIN,
    )


def _not_emulated(sentences: Sequence[str]) -> Markup:
    if not sentences:
        return tag("p", "No difference is listed.", class_="none")
    intro = tag("p", "A trial that passes says nothing about these, in which this cloud differs from Azure:")
    return join([intro, tag("ul", *(tag("li", sentence) for sentence in sentences))])
