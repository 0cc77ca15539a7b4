"""The tokenizer: it keeps every text, and sees what rpm sees."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boatyard.spec.section import sections
from boatyard.spec.text import decode, encode, join_lines, split_lines
from boatyard.spec.token import MAX_UNCLOSED, Kind, definition_parts, tag_parts, tokenize

FIXTURE = Path(__file__).parent / "data/constructs.spec"
PIECES = [
    *["%if 1", "%else", "%endif", "%elif x", "%ifarch a \\", "%package devel", "%files", " %files"],
    *["%define a b", "%global a() \\", "%global a %{expand:", "%{lua:", "}", "%(", ")", "%[", "]", "%%{", "%{a}"],
    *["Name: a", "Requires(post): b", "x", "", "#", "# %{", "%changelog", "%build", "\\", "\r", "\x0b", "\x85"],
    *["%{?a:b", "%description -l pl", "\\\\"],
    *["\u2028", "\udcff", "\x00", "\t", " ", ":", "{", "é", "%", "%{!?a:%global a 1}", "%{a \\", "%verifyscript"],
]  # fmt: skip
TEXTS = st.lists(
    st.one_of(st.sampled_from(PIECES), st.text(max_size=5), st.sampled_from(["\n", "\n", " "])), max_size=60
).map("".join)
UNTIMED = settings(deadline=None)


@UNTIMED
@given(TEXTS)
def test_tokens_are_lossless(text: str) -> None:
    tokens = tokenize(text)
    assert tokens.to_text() == text
    ends = [token.end for token in tokens.tokens]
    assert [token.start for token in tokens.tokens] == [0, *ends[:-1]]
    assert ends[-1] == len(tokens.lines)


@UNTIMED
@given(st.binary(max_size=300))
def test_bytes_survive(data: bytes) -> None:
    assert encode(tokenize(decode(data)).to_text()) == data


@UNTIMED
@given(TEXTS)
def test_sections_hold_every_line_once(text: str) -> None:
    lines = split_lines(text)
    found = sections(lines)
    assert [section.start for section in found] == [0, *(section.end for section in found[:-1])]
    assert found[-1].end == len(lines)


@UNTIMED
@given(TEXTS)
def test_normalised_lines_stay_as_they_are(text: str) -> None:
    once = join_lines(split_lines(text.replace("\r", "")))
    assert join_lines(split_lines(once)) == once


def fixture_tokens(kind: Kind) -> list[tuple[str, int]]:
    """(name, number of lines) of the fixture's tokens of a kind."""
    tokens = tokenize(decode(FIXTURE.read_bytes()))
    assert encode(tokens.to_text()) == FIXTURE.read_bytes()
    return [(token.name, token.end - token.start) for token in tokens.named(kind)]


def test_the_headers_of_the_fixture() -> None:
    names = " ".join(name for name, _ in fixture_tokens(Kind.HEADER))
    assert names == (
        "%description %package %package %patchlist %sourcelist %conf %generate_buildrequires %prep %build "
        "%package %build %install %check %clean %pre %post %verifyscript %triggerin %filetriggerin "
        "%transfiletriggerpostun %sepolicy %files %files %Files %changelog"
    )


def test_the_definitions_of_the_fixture() -> None:
    assert fixture_tokens(Kind.DEFINITION) == [
        *[("autorelease", 5), ("crate", 1), ("_description", 4), ("add_flavour", 6), ("one_line", 1)],
        *[("shell", 3), ("sum", 2)],
    ]


def test_the_conditionals_of_the_fixture() -> None:
    assert fixture_tokens(Kind.CONDITIONAL) == [
        *[("%if", 2), ("%if", 1), ("%else", 1), ("%ifarch", 1), ("%endif", 1), ("%endif", 1), ("%elifos", 1)],
        *[("%endif", 1), ("%if", 1), ("%endif", 1), ("%if", 1), ("%endif", 1)],
    ]


def test_the_tags_of_the_fixture() -> None:
    names = " ".join(name for name, _ in fixture_tokens(Kind.TAG))
    assert names == (
        "Name Version Release Summary License Source0 Source Patch Patch7 BuildSystem BuildOption(install) "
        "BuildRequires BuildRequires requires Requires(post) ExcludeArch Conflicts Summary Summary"
    )
    assert ("BuildRequires", 3) in fixture_tokens(Kind.TAG)


def test_the_macro_calls_of_the_fixture() -> None:
    assert fixture_tokens(Kind.MACRO) == [
        *[("python3", 1), ("dnl", 1), ("load", 1), ("include", 1), ("bcond_without", 1), ("gometa", 1), ("fontpkg", 1)],
        *[("pyproject_extras_subpkg", 1), ("add_flavour", 1), ("autosetup", 2), ("make_build", 2)],
    ]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("", [Kind.TEXT]),
        ("%define a \\\nb\nc", [Kind.DEFINITION, Kind.TEXT]),
        ("%define a \\\\\nb", [Kind.DEFINITION, Kind.TEXT]),
        ("%{a\n", [Kind.MACRO, Kind.TEXT]),
        ("%{a:\\}\n}\nb", [Kind.MACRO, Kind.TEXT]),
        ("%{a:{}\n}\nb", [Kind.MACRO, Kind.TEXT]),
        ("%{a:(}\nb", [Kind.MACRO, Kind.TEXT]),
        ("%(a (\n))\nb", [Kind.MACRO, Kind.TEXT]),
        ("%%{a\nb", [Kind.MACRO, Kind.TEXT]),
        ("# %{a\nb", [Kind.TEXT]),
        ("%build\n%{a\n}\n%check", [Kind.HEADER, Kind.MACRO, Kind.HEADER]),
        ("%build\necho %{a}\nA: b\n%check", [Kind.HEADER, Kind.TEXT, Kind.HEADER]),
        (" %build\n", [Kind.MACRO, Kind.TEXT]),
        ("%BUILD", [Kind.HEADER]),
    ],
)
def test_kinds(text: str, kinds: list[Kind]) -> None:
    assert [token.kind for token in tokenize(text).tokens] == kinds


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("%global a 1", ("a", "", "1")),
        (" %define  f(x:y)  b \\\n c", ("f", "(x:y)", "b \\\n c")),
        ("%define a", ("a", "", "")),
        ("%undefine a", None),
    ],
)
def test_definition_parts(text: str, parts: tuple[str, str, str] | None) -> None:
    assert definition_parts(text) == parts


@pytest.mark.parametrize(
    ("text", "parts"),
    [("Name:  a ", ("Name", "a")), ("BuildOption(install): -l x", ("BuildOption(install)", "-l x")), ("%a: b", None)],
)
def test_tag_parts(text: str, parts: tuple[str, str] | None) -> None:
    assert tag_parts(text) == parts


def test_openers_that_never_close_cost_little() -> None:
    lines = 20_000
    tokens = tokenize("%{a\n" * lines)
    assert len(tokens.tokens) == lines + 1
    assert MAX_UNCLOSED < 100


@pytest.mark.sweep
@settings(max_examples=20_000, deadline=None)
@given(TEXTS)
def test_many_texts_are_kept(text: str) -> None:
    assert tokenize(text).to_text() == text
