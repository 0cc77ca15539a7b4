"""The page of a trial in a real browser: it loads alone, does nothing, fits narrow windows, is used by keyboard."""

from __future__ import annotations

import itertools
import struct
from typing import TYPE_CHECKING

import pytest
from tests.report.browser import Browser, browser
from tests.report.trial_sample import SAMPLES

from boatyard.report.trial_html import to_html

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.tool
OPEN_ALL = "document.querySelectorAll('details').forEach(one => { one.open = true })"
# What a page does that shows something and no more.
QUIET = {
    "Page",
    "DOM",
    "Runtime.executionContextCreated",
    "Runtime.executionContextsCleared",
    "Network",
    "Accessibility",
}
NOISE = ("Page.javascriptDialog", "Page.windowOpen", "Network.webSocket", "Page.download")


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("chromium")) as running:
        running.call(
            "Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0, uploadThroughput=0
        )
        yield running


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    for name, make in SAMPLES.items():
        (folder / f"{name}.html").write_text(to_html(make()), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in SAMPLES}


def strange(tab: Browser) -> list[str]:
    """What the page did besides being shown: messages of the console, violations of its policy, dialogs, exceptions."""
    return [
        name
        for name in tab.methods()
        if name.startswith(NOISE) or not (name in QUIET or name.partition(".")[0] in QUIET)
    ]


def size(picture: bytes) -> tuple[int, int]:
    assert picture[:16] == b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
    width, height = struct.unpack(">2I", picture[16:24])
    return width, height


@pytest.mark.parametrize("name", SAMPLES)
def test_it_loads_alone_and_does_nothing(tab: Browser, pages: dict[str, Path], name: str) -> None:
    tab.show(pages[name], 1280)
    asked = [one["params"]["request"]["url"] for one in tab.seen if one["method"] == "Network.requestWillBeSent"]
    assert asked == [pages[name].as_uri()]
    assert strange(tab) == []
    assert tab.value("document.querySelectorAll('script, img, link, iframe, object, embed, form, base').length") == 0
    assert tab.value("document.styleSheets.length") == 1
    assert tab.value("document.compatMode") == "CSS1Compat"
    assert (
        tab.value(
            "[...document.querySelectorAll('*')].some(one => one.getAttributeNames().some(n => n.startsWith('on')))"
        )
        is False
    )


def test_its_policy_stops_a_script(tab: Browser, pages: dict[str, Path], tmp_path: Path) -> None:
    """That nothing happens above would prove little in a page where something could: here it cannot."""
    text = pages["passed"].read_text(encoding="utf-8")
    open_page, closed_page = tmp_path / "open.html", tmp_path / "closed.html"
    attack = "<script>document.title = 'taken'</script><p style='color: red'>"
    closed_page.write_text(text.replace("<main>", f"<main>{attack}"), encoding="utf-8")
    open_page.write_text(text.replace("default-src", "x-src").replace("<main>", f"<main>{attack}"), encoding="utf-8")
    tab.show(open_page, 1280)
    assert tab.value("document.title") == "taken"
    tab.show(closed_page, 1280)
    assert tab.value("document.title") == "Passed: web server"
    assert strange(tab) != []


@pytest.mark.parametrize(
    ("name", "width"),
    [*itertools.product(SAMPLES, (390, 1280)), *itertools.product(("failed-after-reboot", "hostile"), (360, 768))],
)
def test_it_fits(tab: Browser, pages: dict[str, Path], name: str, width: int) -> None:
    tab.show(pages[name], width)
    tab.value(OPEN_ALL)
    metrics = tab.call("Page.getLayoutMetrics")
    assert metrics["cssContentSize"]["width"] == width
    assert metrics["cssLayoutViewport"]["clientWidth"] == width


def test_a_picture(tab: Browser, pages: dict[str, Path], tmp_path: Path) -> None:
    blank = tmp_path / "blank.html"
    blank.write_text("<!doctype html><title>x</title>", encoding="utf-8")
    tab.show(blank, 390)
    nothing = tab.picture(whole=False)
    tab.show(pages["failed-after-reboot"], 390)
    light = tab.picture(whole=False)
    assert size(light) == (390, 900)
    assert len(light) > 5 * len(nothing)
    assert size(tab.picture())[0] == 390


@pytest.mark.parametrize(("dark", "ground"), [(False, "rgb(255, 255, 255)"), (True, "rgb(20, 23, 27)")])
def test_it_is_dark_where_that_is_wanted(tab: Browser, pages: dict[str, Path], dark: bool, ground: str) -> None:
    tab.show(pages["passed"], 1280, dark=dark)
    assert tab.value("getComputedStyle(document.body).backgroundColor") == ground
    tab.show(pages["passed"], 794, dark=dark, medium="print")
    assert tab.value("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_print_shows_what_is_folded(tab: Browser, pages: dict[str, Path]) -> None:
    shown = "document.querySelector('.requests').checkVisibility({contentVisibilityAuto: true})"
    tab.show(pages["passed"], 794)
    assert tab.value(shown) is False
    tab.show(pages["passed"], 794, medium="print")
    assert tab.value(shown) is True


@pytest.mark.parametrize("width", [390, 1280])
def test_it_can_be_heard(tab: Browser, pages: dict[str, Path], width: int) -> None:
    """Headings in order, tables with headers, outcomes in words; also where tables are stacked."""
    tab.show(pages["failed-after-reboot"], width)
    tab.value(OPEN_ALL)
    nodes = tab.call("Accessibility.getFullAXTree")["nodes"]
    heard = [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes if not node["ignored"]]
    headings = [node for node in nodes if not node["ignored"] and node["role"]["value"] == "heading"]
    levels = [one["value"]["value"] for node in headings for one in node["properties"] if one["name"] == "level"]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    roles = [role for role, _ in heard]
    assert roles.count("table") >= 8
    for role in ("columnheader", "rowheader", "row", "cell", "main", "navigation", "contentinfo"):
        assert role in roles, role
    assert ("rowheader", "failed units") in heard
    assert any(role == "image" and name.startswith("Timeline of 24 moments") for role, name in heard)
    assert all(name for role, name in heard if role in ("link", "heading", "image"))


def test_it_is_used_by_keyboard(tab: Browser, pages: dict[str, Path]) -> None:
    tab.show(pages["failed-after-reboot"], 1280)

    def press(key: str, code: int, text: str = "") -> None:
        for kind in ("keyDown", "keyUp"):
            tab.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, text=text)

    reached = []
    for _ in range(12):
        press("Tab", 9)
        reached.append(tab.value("document.activeElement.tagName + ' ' + document.activeElement.textContent"))
        if reached[-1].startswith("SUMMARY"):
            break
    assert reached[:2] == ["A units", "A page is served"]
    assert reached[-1] == "SUMMARY Evidence after reboot"
    assert tab.value("document.activeElement.parentElement.open") is False
    press("Enter", 13, "\r")
    assert tab.value("document.activeElement.parentElement.open") is True
    assert tab.value("getComputedStyle(document.activeElement).outlineStyle") == "solid"
