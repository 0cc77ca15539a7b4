# ruff: noqa: E501 (tables)
"""What holds for every overlay on every text, sensible or not."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from boatyard.base.error import BuildError
from boatyard.config.model.overlay import (
    AddTag,
    AppendLines,
    InsertTag,
    PatchAdd,
    PatchRemove,
    PrependLines,
    RemoveSection,
    RemoveSubpackage,
    RemoveTag,
    SearchReplace,
    SetMacro,
    SetTag,
    SpecOverlay,
    UpdateTag,
)
from boatyard.overlay.spec import edit_spec
from boatyard.spec.conditional import UnbalancedError, blocks, is_filler
from boatyard.spec.section import sections
from boatyard.spec.text import join_lines, split_lines

LINES = """
%if 1|%ifarch x|%else|%elif 2|%endif|%package devel|%package -n devel|%package|%files|%files devel|%build|%build x
%description -l pl|%patchlist|%changelog|Name: a|Version:  1|Source0: s|Source: t|Patch: p|Patch3: q.patch|Requires(post): r
# comment|%define m 1|%define m \\|%{expand:|}|make|é|\udcff||  |\t%endif|Name:|%Files|#%if|%global m() x|a:b c
""".strip().replace("\n", "|").split("|")  # fmt: skip
TEXTS = st.lists(st.one_of(st.sampled_from(LINES), st.text(st.characters(exclude_characters="\n\r"), max_size=8)))
PACKAGES = st.sampled_from(["", "devel", "x", "none"])
SECTIONS = st.sampled_from(["%build", "%files", "%package", "%description", "%patchlist", "%Files"])
TAGS = st.sampled_from(["Name", "version", "Source7", "Patch", "Requires(post)", "None"])
SCOPES = st.sampled_from(["", "", "%if 1", "%ifarch x", "%if 1 / %else", "%if 1 / %elif 2"])
ADDED = st.lists(st.sampled_from(["", "n", "%if 1", "%files", "N: v"]), min_size=1, max_size=3).map(tuple)
OVERLAYS: st.SearchStrategy[SpecOverlay | PatchAdd | PatchRemove] = st.one_of(
    st.builds(AddTag, tag=TAGS, value=st.just("v"), package=PACKAGES),
    st.builds(InsertTag, tag=TAGS, value=st.just("v"), package=PACKAGES),
    st.builds(SetTag, tag=TAGS, value=st.just("v"), package=PACKAGES),
    st.builds(UpdateTag, tag=TAGS, value=st.just("v"), package=PACKAGES, inside=SCOPES, outside=SCOPES),
    st.builds(RemoveTag, tag=TAGS, value=st.sampled_from(["", "a", "Q.PATCH"]), package=PACKAGES, inside=SCOPES),
    st.builds(PrependLines, lines=ADDED, section=SECTIONS, package=PACKAGES, outside=SCOPES),
    st.builds(AppendLines, lines=ADDED, section=SECTIONS, package=PACKAGES, inside=SCOPES),
    st.builds(
        SearchReplace,
        regex=st.sampled_from(["a", "^", ".*", "[^x]", "e$", "é", r"\pL+"]),
        replacement=st.sampled_from(["", "$1", "%build", "x\ny"]),
        section=SECTIONS | st.just(""),
        outside=SCOPES,
        expect=st.integers(0, 2),
    ),
    st.builds(SetMacro, macro=st.just("m"), value=st.sampled_from(["2", "%{x}"]), inside=SCOPES),
    st.builds(RemoveSection, section=SECTIONS, package=PACKAGES, inside=SCOPES),
    st.builds(RemoveSubpackage, package=st.sampled_from(["devel", "x", "none"])),
    st.builds(PatchAdd, source=st.just(Path("/n.patch")), package=PACKAGES),
    st.builds(PatchRemove, file=st.sampled_from(["*", "q.*", "**/q.patch", "{p,q}*", "[!q]"])),
)
UNTIMED = settings(deadline=None)


def attempt(overlay: SpecOverlay | PatchAdd | PatchRemove, lines: list[str]) -> list[str] | None:
    try:
        return edit_spec(overlay, lines)
    except BuildError as error:
        assert str(error)
        return None


def is_balanced(lines: list[str]) -> bool:
    try:
        blocks(lines)
    except UnbalancedError:
        return False
    return True


@UNTIMED
@given(OVERLAYS, TEXTS)
def test_an_overlay_applies_or_says_why_not(overlay: SpecOverlay, lines: list[str]) -> None:
    before = list(lines)
    attempt(overlay, lines)
    assert lines == before


@UNTIMED
@given(
    st.one_of(st.builds(AddTag, tag=TAGS, value=st.just("v")), st.builds(InsertTag, tag=TAGS, value=st.just("v"))),
    TEXTS,
)
def test_a_tag_added_to_the_preamble_is_one_line_more(overlay: AddTag | InsertTag, lines: list[str]) -> None:
    changed = attempt(overlay, lines)
    assert changed is not None
    added = [n for n in range(len(changed)) if changed[:n] + changed[n + 1 :] == lines]
    assert added
    assert changed[added[0]] == f"{overlay.tag}: v"
    assert added[0] <= sections(lines)[0].end


@UNTIMED
@given(
    st.one_of(
        st.builds(RemoveSection, section=SECTIONS, package=PACKAGES),
        st.builds(RemoveSubpackage, package=st.sampled_from(["devel", "x"])),
    ),
    TEXTS,
)
def test_removing_sections_leaves_conditionals_whole(
    overlay: RemoveSection | RemoveSubpackage, lines: list[str]
) -> None:
    changed = attempt(overlay, lines)
    if changed is None:
        return
    assert is_balanced(changed)
    gone = [s for s in sections(lines) if s.name and (s.package == overlay.package)]
    if isinstance(overlay, RemoveSection):
        gone = [section for section in gone if section.name == overlay.section]
    kept = [line for n, line in enumerate(lines) if not any(n in range(s.start, s.end) for s in gone)]
    assert [line for line in changed if not is_filler(line)] == [line for line in kept if not is_filler(line)]


@UNTIMED
@given(OVERLAYS, TEXTS)
def test_the_result_is_a_text_of_lines(overlay: SpecOverlay, lines: list[str]) -> None:
    changed = attempt(overlay, lines)
    if changed is not None:
        again = split_lines(join_lines(changed))
        assert split_lines(join_lines(again)) == again
