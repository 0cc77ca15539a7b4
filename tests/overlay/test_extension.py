# ruff: noqa: E501 (tables)
"""What azldev does not have: setting macros, edits inside or outside a conditional, a number of lines to expect."""

from __future__ import annotations

import pytest

from boatyard.base.error import BuildError
from boatyard.config.model.overlay import (
    AppendLines,
    PrependLines,
    RemoveSection,
    RemoveTag,
    SearchReplace,
    SetMacro,
    SpecOverlay,
    UpdateTag,
    extensions,
)
from boatyard.overlay.spec import edit_spec
from boatyard.spec.text import join_lines, split_lines

TWICE = "Name: a\n%if 0%{?rhel}\nRequires: x\n%else\nRequires: y\n%endif\nRequires: z\n"
MACROS = (
    "%global  with_x  1\n%if A\n%define y() \\\n one \\\n two\n%else\n%define y %{expand:\n three}\n%endif\nmake %{y}\n"
)
SECTIONS = "%if A\n%files\n/a\n%else\n%files\n/b\n%endif\n%build\n"

EDITS: list[tuple[SpecOverlay, str, str]] = [
    (SetMacro(macro="with_x", value="0"), MACROS, MACROS.replace("with_x  1", "with_x  0")),
    (SetMacro(macro="y", value="4", inside="%if A"), MACROS, MACROS.replace("() \\\n one \\\n two", "() 4")),
    (SetMacro(macro="y", value="4", inside="%if A / %else"), MACROS, MACROS.replace("%{expand:\n three}", "4")),
    (SetMacro(macro="a", value="1"), "%global a\n", "%global a 1\n"),
    (UpdateTag(tag="Requires", value="n", inside="%if  0%{?rhel}"), TWICE, TWICE.replace("x", "n")),
    (UpdateTag(tag="Requires", value="n", inside="%if 0%{?rhel} / %else"), TWICE, TWICE.replace("y", "n")),
    (UpdateTag(tag="Requires", value="n", outside="%if 0%{?rhel}"), TWICE, TWICE.replace("z", "n")),
    (RemoveTag(tag="Requires", inside="%if 0%{?rhel}"), TWICE, TWICE.replace("Requires: x\n", "")),
    (RemoveTag(tag="Requires", outside="%if 0%{?rhel}"), TWICE, TWICE.replace("Requires: z\n", "")),
    (SearchReplace(regex="Requires", replacement="R", inside="%if 0%{?rhel}"), TWICE, TWICE.replace("Requires: x", "R: x")),
    (SearchReplace(regex="Requires", replacement="R", outside="%if 0%{?rhel}"), TWICE, TWICE.replace("Requires: z", "R: z")),
    (SearchReplace(regex="Requires", replacement="R", expect=3), TWICE, TWICE.replace("Requires", "R")),
    (AppendLines(lines=("/c",), section="%files", inside="%if A"), SECTIONS, SECTIONS.replace("/a\n%else\n", "/a\n/c\n%else\n")),
    (PrependLines(lines=("/c",), section="%files", inside="%if A / %else"), SECTIONS, SECTIONS.replace("/b", "/c\n/b")),
    (RemoveSection(section="%files", outside="%if A"), SECTIONS + "%files\n/c\n", SECTIONS),
    (
        UpdateTag(tag="A", value="9", inside="%if 1", outside="%if 2"),
        "%if 1\nA: 1\n%if 2\nA: 2\n%endif\n%endif\n%if 1\nA: 3\n%endif\n",
        "%if 1\nA: 9\n%if 2\nA: 2\n%endif\n%endif\n%if 1\nA: 9\n%endif\n",
    ),
]  # fmt: skip

REFUSED: list[tuple[SpecOverlay, str, str]] = [
    (SetMacro(macro="z", value="1"), MACROS, "no such macro"),
    (SetMacro(macro="y", value="1"), MACROS, "'y' is defined 2 times, in lines 3, 7"),
    (SetMacro(macro="with_x", value="1", inside="%if A"), MACROS, "no such macro"),
    (SetMacro(macro="with_x", value="1\n2"), MACROS, "one line"),
    (UpdateTag(tag="Requires", value="n", inside="%if 0"), TWICE, "conditional not found: '%if 0'"),
    (UpdateTag(tag="Requires", value="n", inside="%if 0%{?rhel} / %elif 1"), TWICE, "no such tag"),
    (UpdateTag(tag="Requires", value="n", inside="%if 1"), "%if 1\n", "do not balance"),
    (SearchReplace(regex="Requires", replacement="R", expect=2), TWICE, "found in 3 lines, 2 expected"),
    (RemoveSection(section="%build", inside="%if A"), SECTIONS, "section not found"),
    (AppendLines(lines=("x",), outside="%if A"), SECTIONS, "name a section"),
]


@pytest.mark.parametrize(("overlay", "before", "after"), EDITS, ids=range(len(EDITS)))
def test_edit(overlay: SpecOverlay, before: str, after: str) -> None:
    assert before != after
    assert join_lines(edit_spec(overlay, split_lines(before))) == after


@pytest.mark.parametrize(("overlay", "before", "message"), REFUSED, ids=range(len(REFUSED)))
def test_refusal(overlay: SpecOverlay, before: str, message: str) -> None:
    with pytest.raises(BuildError) as caught:
        edit_spec(overlay, split_lines(before))
    assert message in str(caught.value)


def test_conditionals_that_nearly_match_are_shown() -> None:
    with pytest.raises(BuildError) as caught:
        edit_spec(RemoveTag(tag="Requires", inside="%if 0%{?rhe1}"), split_lines(TWICE))
    assert "line 2: %if 0%{?rhel}" in str(caught.value)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({"type": "spec-set-macro", "macro": "x", "value": "1"}, ["type"]),
        ({"type": "spec-update-tag", "tag": "x", "value": "1", "inside": "%if 1"}, ["inside"]),
        ({"type": "spec-search-replace", "regex": "x", "expect": 1, "outside": "%if 1"}, ["expect", "outside"]),
        ({"type": "spec-update-tag", "tag": "x", "value": "1"}, []),
    ],
)
def test_extensions(table: dict[str, object], expected: list[str]) -> None:
    assert extensions(table) == expected
