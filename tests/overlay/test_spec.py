"""Every verb on specs: what goes in, what comes out. The cases are those the azldev format is known by."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

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
    SetTag,
    SpecOverlay,
    UpdateTag,
)
from boatyard.overlay.spec import edit_spec
from boatyard.spec.text import join_lines, split_lines

Edit = SpecOverlay | PatchAdd | PatchRemove

SUB = "Name: other\n%package -n sub\n"
NAME = {"tag": "Name", "value": "v"}
MACROS = {"tag": "Source9999", "value": "m"}

EDITS: list[tuple[str, Edit, str, str]] = [
    # set
    ("set in an empty spec", SetTag(**NAME), "", "Name: v\n"),
    ("set what is missing", SetTag(**NAME), "Other: o\n", "Other: o\nName: v\n"),
    ("set replaces", SetTag(**NAME), "Name: old\n", "Name: v\n"),
    ("set has no case", SetTag(**NAME), "nAmE: old\n", "Name: v\n"),
    ("set ignores comments", SetTag(**NAME), "# Name: old\n", "# Name: old\nName: v\n"),
    ("set in a package", SetTag(**NAME, package="sub"), SUB, SUB + "Name: v\n"),
    ("set replaces in a package", SetTag(**NAME, package="sub"), SUB + "Name: old\n", SUB + "Name: v\n"),
    # update
    ("update", UpdateTag(**NAME), "Name: old\n", "Name: v\n"),
    ("update has no case", UpdateTag(**NAME), "nAmE: old\n", "Name: v\n"),
    ("update in a package", UpdateTag(**NAME, package="sub"), SUB + "Name: old\n", SUB + "Name: v\n"),
    (
        "update replaces every line, alignment is lost",
        UpdateTag(tag="Version", value="3"),
        "Version:   1\n%if 1\n  VERSION: 2\n%endif\n",
        "Version: 3\n%if 1\nVersion: 3\n%endif\n",
    ),
    ("update reads bare %package as the main package", UpdateTag(**NAME), "%package\nName: o\n", "%package\nName: v\n"),
    # remove
    ("remove", RemoveTag(tag="Name"), "Name: old\n", ""),
    ("remove by value", RemoveTag(tag="Name", value="old"), "Name: old\nName: new\n", "Name: new\n"),
    ("remove by value has no case", RemoveTag(tag="name", value="old"), "nAmE: oLd\n", ""),
    (
        "remove needs the whole value",
        RemoveTag(tag="Requires", value="Foo"),
        "Requires: foo\nRequires: foo >= 1\n",
        "Requires: foo >= 1\n",
    ),
    ("remove ignores comments", RemoveTag(tag="Name"), "# Name: old\nName: x\n", "# Name: old\n"),
    ("remove in a package", RemoveTag(tag="Name", package="sub"), SUB + "Name: x\n", SUB),
    (
        "remove tags with parentheses",
        RemoveTag(tag="Requires(post)"),
        "Requires(post): a\nRequires: b\n",
        "Requires: b\n",
    ),
    # add
    ("add to an empty spec", AddTag(tag="BuildRequires", value="v"), "", "BuildRequires: v\n"),
    ("add beside one", AddTag(tag="A", value="v"), "A: old\n", "A: old\nA: v\n"),
    ("add to a package", AddTag(tag="A", value="v", package="sub"), SUB, SUB + "A: v\n"),
    (
        "add comes before the next header, after blank lines and %if",
        AddTag(tag="BuildRequires", value="z"),
        "Name: a\n\n%if 0\n%package x\nSummary: s\n%endif\n",
        "Name: a\n\n%if 0\nBuildRequires: z\n%package x\nSummary: s\n%endif\n",
    ),
    (
        "add to each section of a package",
        AddTag(tag="A", value="z", package="x"),
        "%if 1\n%package x\n%else\n%package -n x\n%endif\n",
        "%if 1\n%package x\n%else\nA: z\n%package -n x\n%endif\nA: z\n",
    ),
    (
        "add a macro package",
        AddTag(tag="A", value="b", package="%{name}+x"),
        "%package -n %{name}+x\n",
        "%package -n %{name}+x\nA: b\n",
    ),
    ("add an unnumbered patch", AddTag(tag="Patch", value="p"), "Name: a\n%build\n", "Name: a\nPatch: p\n%build\n"),
    # insert
    ("insert into an empty spec", InsertTag(**MACROS), "", "Source9999: m\n"),
    (
        "insert after one",
        InsertTag(**MACROS),
        "Name: a\nSource0: x\nBuildRequires: gcc\n",
        "Name: a\nSource0: x\nSource9999: m\nBuildRequires: gcc\n",
    ),
    (
        "insert after the last",
        InsertTag(**MACROS),
        "Source0: x\nSource1: y\nA: b\n",
        "Source0: x\nSource1: y\nSource9999: m\nA: b\n",
    ),
    ("insert after an unnumbered one", InsertTag(**MACROS), "Source: x\nA: b\n", "Source: x\nSource9999: m\nA: b\n"),
    (
        "insert keeps clear of macros",
        InsertTag(**MACROS),
        "Source0: x\nA: b\n\n%fontpkg -a\n",
        "Source0: x\nSource9999: m\nA: b\n\n%fontpkg -a\n",
    ),
    ("insert without a family", InsertTag(tag="Vendor", value="v"), "Name: a\nA: b\n", "Name: a\nA: b\nVendor: v\n"),
    (
        "insert after 9999",
        InsertTag(tag="Source5000", value="v"),
        "Source0: x\nSource9999: m\n",
        "Source0: x\nSource9999: m\nSource5000: v\n",
    ),
    (
        "insert into a package",
        InsertTag(tag="Requires", value="f", package="sub"),
        SUB + "Summary: s\n\n",
        SUB + "Summary: s\nRequires: f\n\n",
    ),
    (
        "insert before a section",
        InsertTag(**MACROS),
        "Source0: x\n\n%description\nd\n",
        "Source0: x\nSource9999: m\n\n%description\nd\n",
    ),
    (
        "insert after a conditional",
        InsertTag(tag="Source1", value="y"),
        "Name: a\n%if 1\nSource0: x\n%endif\n%description\nd\n",
        "Name: a\n%if 1\nSource0: x\n%endif\nSource1: y\n%description\nd\n",
    ),
    (
        "insert after the outermost conditional",
        InsertTag(**MACROS),
        "%if a\n%ifarch b\nSource31: x\n%endif\nSource32: y\n%endif\nA: b\n",
        "%if a\n%ifarch b\nSource31: x\n%endif\nSource32: y\n%endif\nSource9999: m\nA: b\n",
    ),
    (
        "insert behind a conditional of the same section only",
        InsertTag(tag="Source2", value="z", package="d"),
        "%if 1\n%package d\nSource1: x\n%else\n%package d\nSummary: s\n%endif\n",
        "%if 1\n%package d\nSource1: x\nSource2: z\n%else\n%package d\nSummary: s\n%endif\n",
    ),
    (
        "insert inside a conditional that does not end in the section",
        InsertTag(tag="Source1", value="y"),
        "%if 1\nSource0: x\nA: b\n%build\n%endif\n",
        "%if 1\nSource0: x\nSource1: y\nA: b\n%build\n%endif\n",
    ),
    # lines
    ("prepend to an empty spec", PrependLines(lines=("a", "b")), "", "a\nb\n"),
    ("prepend to the spec", PrependLines(lines=("a", "b")), "Name: t\n", "a\nb\nName: t\n"),
    (
        "prepend to a section",
        PrependLines(lines=("n",), section="%description", package="foo"),
        "%description -n foo\nd\n%description -n o\ne\n",
        "%description -n foo\nn\nd\n%description -n o\ne\n",
    ),
    ("append to the spec", AppendLines(lines=("a", "")), "Name: t\n%build\n", "Name: t\n%build\na\n\n"),
    (
        "append to a section",
        AppendLines(lines=("n",), section="%description", package="foo"),
        "%description -n foo\nd\n\n%build\n",
        "%description -n foo\nd\n\nn\n%build\n",
    ),
    (
        "append to all sections of one name",
        AppendLines(lines=("c",), section="%build"),
        "%build\na\n%build\nb\n",
        "%build\na\nc\n%build\nb\nc\n",
    ),
    (
        "append to the bare section only",
        AppendLines(lines=("/x",), section="%files"),
        "%files -n a\n%files\n/b\n%files debuginfo -f f\n",
        "%files -n a\n%files\n/b\n/x\n%files debuginfo -f f\n",
    ),
    (
        "append falls into the next section's conditional",
        AppendLines(lines=("n",), section="%build"),
        "%build\nm\n%if 1\n%check\n%endif\n",
        "%build\nm\n%if 1\nn\n%check\n%endif\n",
    ),
    ("lines may begin empty", PrependLines(lines=("", "a"), section="%prep"), "%prep\nx\n", "%prep\n\na\nx\n"),
    # search and replace
    (
        "replace everywhere",
        SearchReplace(regex="vendor=contoso", replacement="vendor=azl"),
        "\n\tName: t\n\n\t%build\n\tb --vendor=contoso\n",
        "\n\tName: t\n\n\t%build\n\tb --vendor=azl\n",
    ),
    (
        "replace in one section",
        SearchReplace(regex="c", replacement="a", section="%description", package="s"),
        "Vendor: c\n%description\nc\n%description -n s\nc\n",
        "Vendor: c\n%description\nc\n%description -n s\na\n",
    ),
    ("replacement is literal", SearchReplace(regex="(x)", replacement="$1"), "axb\n", "a$1b\n"),
    ("replacement ends in a backslash", SearchReplace(regex="x", replacement="a \\"), "x\n", "a \\\n"),
    (
        "replacement spans lines",
        SearchReplace(regex="^Patch: .*$", replacement="Patch0: a\nPatch1: b"),
        "Patch: x\n",
        "Patch0: a\nPatch1: b\n",
    ),
    ("empty replacement leaves an empty line", SearchReplace(regex=".*x.*"), "axb\nc\n", "\nc\n"),
    (
        "replace in all sections of a name, whatever package",
        SearchReplace(regex="a", replacement="b", section="%files"),
        "%files\na\n%files x\na\n",
        "%files\nb\n%files x\nb\n",
    ),
    (
        "replace in the changelog",
        SearchReplace(regex="^- a", replacement="- b"),
        "%changelog\n- a\n",
        "%changelog\n- b\n",
    ),
    (
        "a replaced line that becomes a header ends the section",
        SearchReplace(regex="a", replacement="%post", section="%prep"),
        "%prep\na\na\n",
        "%prep\n%post\na\n",
    ),
    # sections
    (
        "remove a section",
        RemoveSection(section="%check"),
        "Name: t\n\n%build\nm\n\n%check\nc\n",
        "Name: t\n\n%build\nm\n\n",
    ),
    (
        "remove a section of a package",
        RemoveSection(section="%files", package="devel"),
        "%files\na\n\n%files devel\nb\n\n%files libs\nc\n",
        "%files\na\n\n%files libs\nc\n",
    ),
    (
        "remove every section of a name",
        RemoveSection(section="%files", package="d"),
        "%files d\n1\n%files\n2\n%files -n d\n3\n%changelog\n",
        "%files\n2\n%changelog\n",
    ),
    (
        "the next section's %if stays",
        RemoveSection(section="%package", package="x"),
        "%package x\nSummary: s\n%if 1\n%package y\nSummary: t\n%endif\n",
        "%if 1\n%package y\nSummary: t\n%endif\n",
    ),
    (
        "the %endif around the section stays",
        RemoveSection(section="%files", package="x"),
        "%if 1\n%files x\n/a\n%endif\n%changelog\n",
        "%if 1\n%endif\n%changelog\n",
    ),
    (
        "remove a subpackage",
        RemoveSubpackage(package="devel"),
        (
            "Name: t\n\n%description\nm\n\n%package devel\nSummary: d\n\n%description devel\nd\n\n%files\n/t\n\n"
            "%files devel\n/h\n\n%post devel\ne\n\n%changelog\n"
        ),
        "Name: t\n\n%description\nm\n\n%files\n/t\n\n%changelog\n",
    ),
    (
        "remove a subpackage named in full",
        RemoveSubpackage(package="o"),
        "%package -n o\ns\n%files -n o\n/o\n%files\n/t\n",
        "%files\n/t\n",
    ),
    (
        "remove a subpackage at the end",
        RemoveSubpackage(package="d"),
        "%description\nm\n\n%package d\ns\n\n%files d\n/h\n",
        "%description\nm\n\n",
    ),
    (
        "balanced conditionals go too",
        RemoveSubpackage(package="d"),
        "%package d\n%ifarch x\nRequires: y\n%endif\n\n%files\n/t\n",
        "%files\n/t\n",
    ),
    (
        "openers of the next section stay",
        RemoveSubpackage(package="f"),
        "%files f\n/f\n\n%if 0\n%if 0\n%files b\n/b\n%endif\n%endif\n",
        "%if 0\n%if 0\n%files b\n/b\n%endif\n%endif\n",
    ),
    (
        "a conditional around a subpackage is left empty",
        RemoveSubpackage(package="d"),
        "%if c\n%package d\ns\n\n%files d\n/h\n%endif\n\n%files\n/t\n",
        "%if c\n%endif\n\n%files\n/t\n",
    ),
    (
        "nested conditionals around it stay",
        RemoveSubpackage(package="d"),
        "%if A\n%if B\n%files d\n/h\n%endif\n%endif\n\n%files\n",
        "%if A\n%if B\n%endif\n%endif\n\n%files\n",
    ),
    (
        "%endif and the next %if stay",
        RemoveSubpackage(package="d"),
        "%if A\n%files d\n/h\n%endif\n%if 0\n%files b\n/b\n%endif\n",
        "%if A\n%endif\n%if 0\n%files b\n/b\n%endif\n",
    ),
    # patches
    (
        "patch-add numbers from 0",
        PatchAdd(source=Path("/s/a.patch")),
        "Name: a\n%build\n",
        "Name: a\nPatch0: a.patch\n%build\n",
    ),
    (
        "patch-add counts bare tags",
        PatchAdd(source=Path("/s/z"), file="n"),
        "Patch: a\nPatch: b\nPatch7: c\n",
        "Patch: a\nPatch: b\nPatch7: c\nPatch8: n\n",
    ),
    (
        "patch-add looks into all packages",
        PatchAdd(source=Path("/s/n")),
        "Name: a\n%package devel\nPatch0: x\n%description %_d\n",
        "Name: a\nPatch1: n\n%package devel\nPatch0: x\n%description %_d\n",
    ),
    (
        "patch-add into a package",
        PatchAdd(source=Path("/s/n"), package="d"),
        "%package d\n%build\n",
        "%package d\nPatch0: n\n%build\n",
    ),
    (
        "patch-add into %patchlist",
        PatchAdd(source=Path("/s/n")),
        "Patch0: a\n%patchlist\nx\n\n%build\n",
        "Patch0: a\n%patchlist\nx\n\nn\n%build\n",
    ),
    (
        "patch-add into each %patchlist",
        PatchAdd(source=Path("/s/n")),
        "%if 0\n%patchlist\na\n%else\n%patchlist\nb\n%endif\n",
        "%if 0\n%patchlist\na\n%else\nn\n%patchlist\nb\n%endif\nn\n",
    ),
    ("patch-remove", PatchRemove(file="r.patch"), "Patch0: k\nPatch1: r.patch\nPatch2: l\n", "Patch0: k\nPatch2: l\n"),
    (
        "patch-remove by glob",
        PatchRemove(file="CVE-*.patch"),
        "Patch0: CVE-1.patch\nPatch1: f\npatch2: CVE-2.patch\n",
        "Patch1: f\n",
    ),
    (
        "patch-remove from the list",
        PatchRemove(file="CVE-*"),
        "%patchlist\nCVE-1\n  k\n CVE-2 \n\n%build\nCVE-1\n",
        "%patchlist\n  k\n\n%build\nCVE-1\n",
    ),
    ("patch-remove from tags and list", PatchRemove(file="a"), "Patch0: a\n\n%patchlist\na\n", "\n%patchlist\n"),
    (
        "patch-remove in all packages",
        PatchRemove(file="C-*"),
        "Patch0: C-1\n%package d\nPatch2: C-2\nPatch3: k\n",
        "%package d\nPatch3: k\n",
    ),
    (
        "patch-remove an address",
        PatchRemove(file="**/1.patch"),
        "Patch0: https://h/c/1.patch\nPatch1: 2\n",
        "Patch1: 2\n",
    ),
]

REFUSALS: list[tuple[str, Edit, str, str]] = [
    ("update of nothing", UpdateTag(**NAME), "", "no such tag: Name"),
    ("update of a missing tag", UpdateTag(**NAME), "Other: o\n", "no such tag: Name"),
    ("update in a package", UpdateTag(**NAME, package="sub"), SUB, "no such tag: Name in package 'sub'"),
    ("update in no package", UpdateTag(**NAME, package="x"), "Name: a\n", "no such tag: Name in package 'x'"),
    ("update outside tag sections", UpdateTag(**NAME), "%build\nName: a\n", "no such tag"),
    ("set in no package", SetTag(**NAME, package="x"), "Name: a\n", "section not found: %package of package 'x'"),
    ("add to no package", AddTag(**NAME, package="x"), "Name: a\n", "section not found: %package of package 'x'"),
    ("insert into no package", InsertTag(**NAME, package="x"), "Name: a\n", "section not found"),
    ("remove nothing", RemoveTag(tag="Name"), "Other: o\n", "no such tag: Name"),
    ("remove another value", RemoveTag(tag="Name", value="old"), "Name: x\n", "no such tag: Name with the value 'old'"),
    ("remove in no package", RemoveTag(tag="Name", package="x"), "Name: x\n", "no such tag"),
    ("prepend to no section", PrependLines(lines=("a",), section="%prep"), "Name: a\n", "section not found: %prep"),
    ("append to no section", AppendLines(lines=("a",), section="%prep"), "Name: a\n", "section not found: %prep"),
    ("names of sections have their case", AppendLines(lines=("a",), section="%files"), "%Files\n", "section not found"),
    (
        "an option is no package",
        AppendLines(lines=("a",), section="%description"),
        "%description %_d\n",
        "section not found",
    ),
    ("replace nothing", SearchReplace(regex="x", replacement="y"), "Name: a\n", "pattern not found: 'x'"),
    ("headers are never replaced", SearchReplace(regex="^%build$", replacement="%x"), "%build\n", "pattern not found"),
    ("patterns see one line", SearchReplace(regex="a\nb", replacement="c"), "a\nb\n", "pattern not found"),
    ("a replacement that changes nothing", SearchReplace(regex="a", replacement="a"), "a\n", "pattern not found"),
    ("patterns are RE2's", SearchReplace(regex="(?=a)", replacement="c"), "a\n", "invalid regex"),
    ("remove no section", RemoveSection(section="%check"), "%build\n", "section not found: %check"),
    ("remove no subpackage", RemoveSubpackage(package="d"), "%files\n", "section not found: any of package 'd'"),
    (
        "a branch inside",
        RemoveSection(section="%files", package="x"),
        "%if 1\n%files x\n/a\n%else\n/b\n%endif\n",
        "conditional block spans",
    ),
    (
        "a branch before the next section",
        RemoveSubpackage(package="f"),
        "%if c\n%files f\n/f\n%else\n%files b\n/b\n%endif\n",
        "conditional block spans",
    ),
    (
        "content in a spanning %if",
        RemoveSubpackage(package="f"),
        "%files f\n/1\n%if c\n/2\n\n%files b\n/b\n%endif\n",
        "conditional block spans across section boundaries",
    ),
    (
        "nested content",
        RemoveSubpackage(package="d"),
        "%package d\ns\n%if 1\n%if 1\nshared\n%package t\n%endif\n%endif\n",
        "conditional block spans",
    ),
    (
        "content behind %endif",
        RemoveSubpackage(package="d"),
        "%if a\n%files d\n/d\n%endif\n%if b\n/e\n%endif\n\n%files\n",
        "conditional block spans",
    ),
    ("conditionals that do not pair", RemoveSection(section="%check"), "%if 1\n%check\n", "line 1: %if has no partner"),
    ("patch-add to no package", PatchAdd(source=Path("/s/n"), package="d"), "Name: a\n", "section not found"),
    ("patch-remove nothing", PatchRemove(file="n"), "Patch0: k\n", "no patches matching 'n' found in spec"),
    ("patch-remove no glob", PatchRemove(file="C-*"), "Patch0: k\n%package d\nPatch1: l\n", "no patches matching"),
    ("a star stops at a slash", PatchRemove(file="*.patch"), "Patch0: https://h/1.patch\n", "no patches matching"),
    ("bare patches are not removed", PatchRemove(file="*.patch"), "Patch: a.patch\n", "no patches matching"),
    ("a malformed glob", PatchRemove(file="[a"), "Patch0: a\n", "invalid glob '[a'"),
]


@pytest.mark.parametrize(
    ("overlay", "before", "after"), [case[1:] for case in EDITS], ids=[case[0].replace(" ", "-") for case in EDITS]
)
def test_edit(overlay: Edit, before: str, after: str) -> None:
    assert join_lines(edit_spec(overlay, split_lines(before))) == after


@pytest.mark.parametrize(
    ("overlay", "before", "message"),
    [case[1:] for case in REFUSALS],
    ids=[case[0].replace(" ", "-") for case in REFUSALS],
)
def test_refusal(overlay: Edit, before: str, message: str) -> None:
    with pytest.raises(BuildError) as caught:
        edit_spec(overlay, split_lines(before))
    assert message in str(caught.value)


def test_the_nearest_lines_are_shown() -> None:
    spec = dedent("""\
        Name: a
        BuildRequires: gcc
        BuildRequires: pkgconfig(libfoo) >= 1.2
        %build
        %configure --disable-static
        """)
    with pytest.raises(BuildError) as caught:
        edit_spec(RemoveTag(tag="BuildRequires", value="pkgconfig(libfoo)"), split_lines(spec))
    assert "line 3: BuildRequires: pkgconfig(libfoo) >= 1.2" in str(caught.value)
    with pytest.raises(BuildError) as caught:
        edit_spec(SearchReplace(regex="--disable-statics", replacement=""), split_lines(spec))
    assert "line 5: %configure --disable-static" in str(caught.value)


def test_an_overlay_applied_twice_says_so() -> None:
    overlay = SearchReplace(regex="contoso", replacement="boatyard")
    once = edit_spec(overlay, ["Vendor: contoso"])
    with pytest.raises(BuildError, match="pattern not found") as caught:
        edit_spec(overlay, once)
    assert "line 1 already holds the replacement" in caught.value.hint


def test_a_header_that_matches_is_explained() -> None:
    with pytest.raises(BuildError) as caught:
        edit_spec(SearchReplace(regex="^%build$", replacement="%conf"), ["%build"])
    assert "headers are never replaced" in caught.value.hint
