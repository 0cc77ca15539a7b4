"""The pages hang together: links lead somewhere, every page can be found, nothing is true on one machine only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from tests.docs.page import PAGES, ROOT, anchors, blocks, fits, links, name_of

if TYPE_CHECKING:
    from pathlib import Path

INDEX = ROOT / "docs/README.md"
# Names that documentation may use for hosts (RFC 2606, RFC 6761), loopback, and the sites of formats.
HARMLESS = re.compile(r"(.*\.)?(example|invalid|test|localhost)(\.(com|net|org))?|127\.0\.0\.1|10\.0\.2\.2")
SITES = {"keepachangelog.com", "semver.org", "json-schema.org", "www.rfc-editor.org"}
MACHINE_PATH = re.compile(r"(?<![\w.}/])/(work|tmp|root|home/\w+)/[\w.]+")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    wrong = []
    for line, target in links(page):
        if urlsplit(target).scheme:
            continue
        path, _, anchor = target.partition("#")
        to = (page.parent / path).resolve() if path else page
        if not to.exists() or not to.is_relative_to(ROOT) or (anchor and anchor not in anchors(to)):
            wrong.append(f"{name_of(page)}:{line}: {target}")
    assert not wrong, "\n".join(wrong)


def test_the_index_has_every_page() -> None:
    found = {(INDEX.parent / target).resolve() for _, target in links(INDEX) if not urlsplit(target).scheme}
    assert [name_of(page) for page in PAGES if page.is_relative_to(INDEX.parent) and page not in {INDEX, *found}] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_nothing_is_true_here_only(page: Path) -> None:
    wrong = []
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        hosts = [urlsplit(url).hostname for url in re.findall(r"https?://[^\s)`\"'>…]+", line)]
        strange = [host for host in hosts if host and not HARMLESS.fullmatch(host) and host not in SITES]
        paths = [found[0] for found in MACHINE_PATH.finditer(line)]
        wrong += [f"{name_of(page)}:{number}: {what}" for what in (*strange, *paths)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_blocks_are_files_or_have_a_language(page: Path) -> None:
    """A console block without a command would be shown and never tried."""
    consoles = [block for block in blocks(page) if block.language == "console"]
    assert [block.line for block in consoles if not block.text.startswith("$ ")] == []


@pytest.mark.parametrize(
    ("shown", "printed", "expected"),
    [
        (["a", "b"], ["a", "b"], True),
        (["a"], ["a", "b"], False),
        (["a", "…"], ["a", "b", "c"], True),
        (["a", "…", "c"], ["a", "c"], True),
        (["… 3 s"], ["built in 3 s"], True),
        (["1.0"], ["1x0"], False),
        (["… x"], ["y", "z x"], False),
    ],
)
def test_shown_output_is_compared(shown: list[str], printed: list[str], expected: bool) -> None:
    assert fits(shown, printed) is expected
