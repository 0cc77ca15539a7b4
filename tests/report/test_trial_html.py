"""The page of a trial: whole by itself, nothing of a guest becomes markup, nothing is lost without a word."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from html.parser import HTMLParser

import pytest
from msgspec.structs import replace
from tests.report.trial_sample import ATTACK, SAMPLES, check, failed_after_reboot, failed_at_provisioning, passed

from boatyard.artifact.trial_report import Moment
from boatyard.report.trial_check_table import rows_of
from boatyard.report.trial_html import STYLE, to_html
from boatyard.report.trial_timeline import kind_of, lanes_of, marks_of, scale, timeline

VOID = {"meta"}
ELEMENTS = re.compile(
    "html|head|meta|title|style|body|header|nav|main|section|footer|h[123]|small|p|b|a|ul|li|dl|div|dt|dd|span|code|pre|"
    "table|thead|tbody|tr|th|td|details|summary|svg|line|text|circle|path|rect"
)
ATTRIBUTES = re.compile(
    "lang|charset|http-equiv|name|content|class|id|href|role|aria-label|aria-labelledby|aria-hidden|scope|colspan|"
    "tabindex|open|data-head|width|height|[xy][12]?|dx|rx|r|d|text-anchor|overflow"
)


class Page(HTMLParser):
    """The elements of a page, and its text by element."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.length = len(text)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, list[str]] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in set(self.open):
            self.text.setdefault(tag, []).append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError("the page has no comments")

    def words(self, tag: str) -> str:
        return "".join(self.text.get(tag, []))


@functools.cache
def page_of(name: str) -> Page:
    return Page(to_html(SAMPLES[name]()))


@pytest.mark.parametrize("name", SAMPLES)
def test_it_is_well_formed_and_needs_nothing_else(name: str) -> None:
    page = page_of(name)
    assert page.open == []
    for tag, attributes in page.elements:
        assert ELEMENTS.fullmatch(tag)
        assert all(map(ATTRIBUTES.fullmatch, attributes)), attributes
        assert re.fullmatch(r"#[a-z0-9-]+", attributes.get("href") or "#x"), attributes
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {(attributes.get("href") or "#")[1:] for _, attributes in page.elements} - {""}
    assert targets <= set(ids)


@pytest.mark.parametrize("name", SAMPLES)
def test_its_policy_allows_its_own_style_alone(name: str) -> None:
    page = page_of(name)
    policy = next(one["content"] for tag, one in page.elements if tag == "meta" and "http-equiv" in one)
    digest = base64.b64encode(hashlib.sha256(page.words("style").encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert not re.search(r"url\(|@import|expression|https?:", page.words("style"))


def test_what_a_guest_wrote_is_text() -> None:
    page = Page(to_html(SAMPLES["hostile"]()))
    beginning = ATTACK[: ATTACK.index("\x00")]
    for tag in ("title", "li", "td", "th", "dd", "pre", "small", "code", "text"):
        assert beginning[:28] in page.words(tag), tag
    assert "‹U+202E›gnp.exe" in page.words("td")
    assert all(char.isprintable() or char in "\n\t" for char in page.words("body"))


def test_the_verdict_comes_first() -> None:
    text = to_html(failed_after_reboot())
    assert "<title>Failed at checks: web server</title>" in text
    page = Page(text)
    assert page.words("h1") == "✗ Failed at checks"
    header = page.words("header")
    assert "2 of 7 checks fail after a reboot" in header
    assert "Hint: device names change at a restart" in header
    assert Page(to_html(passed())).words("h1") == "✓ Passed"


def test_everything_has_its_place() -> None:
    page = Page(to_html(failed_after_reboot()))
    body = page.words("body")
    for words in ("gen2 (UEFI)", "restored: the machine", "telemetry.example.com", "not foreseen", "hv_netvsc"):
        assert words in body
    assert "Requests: 12 (2 × 429)" in body
    assert "special device /dev/sdb1 does not exist." in page.words("pre")
    assert page.words("h2").startswith("PhasesFactsWhat was checkedTimeline")


def test_the_console_is_open_when_there_was_no_login() -> None:
    def is_open(text: str) -> bool:
        return [one for tag, one in Page(text).elements if tag == "details"][-1] == {"open": None}

    assert is_open(to_html(failed_at_provisioning()))
    assert not is_open(to_html(passed()))


def test_much_is_cut_and_said() -> None:
    page = page_of("huge")
    assert page.length < 6 << 20
    body = page.words("body")
    assert "5506 more checks of this phase are left out of this page; report.json has them." in body
    assert "5512 more in the middle of these requests are left out" in body
    assert "5500 more places are left out" in body
    assert "5500 more commands are left out" in body
    assert sum(tag == "tr" for tag, _ in page.elements) < 4000


def test_empty_parts_say_so() -> None:
    report = replace(passed(), checks=(), moments=(), contacts=(), commands=(), not_emulated=(), console="")
    body = Page(to_html(report)).words("body")
    for words in (
        "Nothing was checked",
        "never started",
        "contacted nothing",
        "No command",
        "The console said nothing",
    ):
        assert words in body


def test_checks_after_the_restart_stand_beside_the_first() -> None:
    checks = (
        check("a", "1"),
        check("b", "1"),
        check("a", "2", after_reboot=True),
        check("b", "2", "failed", after_reboot=True),
        check("a", "of another place", place="x.toml:1"),
        check("c", "only then", after_reboot=True),
        check("z", "1", phase="static"),
        check("a", "twice"),
    )
    rows = [(tuple(one.found for one in row.checks), row.outcome) for row in rows_of(checks)]
    assert rows == [
        (("1",), "passed"),
        (("1", "2"), "failed"),
        (("1", "2"), "passed"),
        (("of another place",), "passed"),
        (("only then",), "passed"),
        (("twice",), "passed"),
    ]


def test_the_same_hint_is_given_once() -> None:
    first = check("units", "1 failed", "failed", hint="look at the log", detail="before")
    text = to_html(replace(passed(), checks=(first, replace(first, detail="after", after_reboot=True))))
    table = text[text.index("What was checked</h2>") :]
    assert table.count("look at the log") == 1
    assert [table.count(f'<pre tabindex="0">{words}</pre>') for words in ("before", "after")] == [1, 1]


def test_moments_near_to_each_other_are_one_mark() -> None:
    moments = [
        Moment(at_s=1.0, lane="imds", what="GET /a", status=200),
        Moment(at_s=1.1, lane="imds", what="GET /b", status=429),
        Moment(at_s=9.0, lane="imds", what="GET /c"),
    ]
    marks = marks_of(moments, 100.0)
    assert [(mark.at_percent, mark.kind, len(mark.moments)) for mark in marks] == [
        (1.0, "refused", 2),
        (9.0, "silent", 1),
    ]
    assert kind_of(Moment(at_s=0, lane="dhcp", what="DISCOVER")) == "fine"
    assert kind_of(Moment(at_s=0, lane="check", what="ports", note="failed: tcp/80")) == "refused"
    assert kind_of(Moment(at_s=0, lane="network", what="failed", note="failed")) == "fine"


def test_a_cross_is_labelled_by_what_failed() -> None:
    moments = [
        Moment(at_s=1.0, lane="check", what="ready", note="passed: after 61 s"),
        Moment(at_s=1.0, lane="check", what="units", note="failed: app.service"),
        Moment(at_s=90.0, lane="check", what="ports", note="passed"),
    ]
    labels = re.findall('class="label"[^>]*>([^<]*)<', str(timeline(moments, 0.0)))
    assert labels == ["units", "ports"]


def test_lanes_are_in_order_and_strange_ones_last() -> None:
    moments = [Moment(at_s=0, lane=lane, what="x") for lane in ("check", "strange", "imds", "machine", "imds")]
    assert lanes_of(moments) == ["machine", "imds", "check", "strange"]


@pytest.mark.parametrize(("longest", "step"), [(0, 0.1), (0.8, 0.1), (61, 10), (80, 10), (81, 20), (7000, 1000)])
def test_the_axis_has_round_steps(longest: float, step: float) -> None:
    end, found = scale(longest)
    assert found == pytest.approx(step)
    assert end > 0
    assert end >= longest


def colours(block: str) -> dict[str, str]:
    return dict(re.findall(r"--(\w+): (#\w+);", block))


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("number", range(3), ids=("light", "dark", "print"))
def test_text_has_contrast(number: int) -> None:
    """At least 4.5 to 1, as WCAG 2.2 (1.4.3) wants it for text."""
    found = colours(re.findall(r":root \{(.*?)\}", STYLE.read_text(encoding="utf-8"), re.DOTALL)[number])
    for ground in ("paper", "shade"):
        for ink in ("ink", "soft", "passed", "failed", "unknown", "link"):
            dark, light = sorted((luminance(found[ground]), luminance(found[ink])))
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (ground, ink)
