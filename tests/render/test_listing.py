"""Which files a spec names, and which are kept: read from text, with three answers for conditions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boatyard.render.condition import truth
from boatyard.render.expand import UNKNOWN, Macros
from boatyard.render.filter import kept_names
from boatyard.render.listing import file_name, listed_files

NAMES = [
    ("a.patch", "a.patch"),
    ("  a.patch ", "a.patch"),
    ("patches/a.patch", "patches/a.patch"),
    ("./a//b", "a/b"),
    ("https://example.org/x/a-1.tgz", "a-1.tgz"),
    ("https://example.org/x/a-1.tgz?raw=1", "a-1.tgz"),
    ("https://example.org/x/v1.tar.gz#/a-1.tar.gz", "v1.tar.gz"),
    ("https://example.org/x/a%20b.tgz", "a b.tgz"),
    ("https://example.org/%{x}/a.tgz", "a.tgz"),
    ("https://example.org/a/%{x}.tgz", "%{x}.tgz"),
    ("x://[/a", "a"),
    ("x://h/%2F..", ""),
    ("x://h/a%2Fb", "b"),
    ("/etc/passwd", ""),
    ("../a", ""),
    ("..", ""),
    (".", ""),
    ("", ""),
]


@pytest.mark.parametrize(("value", "name"), NAMES)
def test_file_names(value: str, name: str) -> None:
    assert file_name(value) == name


CONDITIONS = [
    ("1", True),
    ("0", False),
    ("01", True),
    ("!0", True),
    ("! 1", False),
    ("1 && 0", False),
    ("0 || 1", True),
    ("(0 || 1) && !0", True),
    ("3 >= 2", True),
    ('"a" == "a"', True),
    ('"a" != "a"', False),
    ('""', False),
    ("1 + 1 == 2", True),
    (f"0{UNKNOWN}", None),
    (f"0{UNKNOWN} || 1", True),
    (f"0{UNKNOWN} && 0", False),
    (f"0{UNKNOWN} && 1", None),
    (f"0{UNKNOWN} >= 40", None),
    (f"!0{UNKNOWN}", None),
    ('"a" < 1', None),
    ("word", None),
    ("1 1", None),
    ("(1", None),
    ("", None),
    ("&&", None),
    ("(" * 5000, None),
    ("!" * 5000 + "1", None),
]


@pytest.mark.parametrize(("expression", "expected"), CONDITIONS)
def test_conditions(expression: str, expected: bool | None) -> None:
    assert truth(expression) is expected


EXPANSIONS = [
    ("%{name}-%version", "a-1"),
    ("%%{name}", "%{name}"),
    ("%{?name}", "a"),
    ("%{?none}", ""),
    ("%{!?none:x}", "x"),
    ("%{?name:-%{version}}", "-1"),
    ("%{!?name:x}", ""),
    ("%{none}", "%{none}"),
    ("%none", "%none"),
    ("%{nil}", ""),
    ("%{?dist}", UNKNOWN),
    ("%{_sourcedir}", UNKNOWN),
    ("%(echo hi)", UNKNOWN),
    ("%[1+1]", UNKNOWN),
    ("%{lua:print(1)}", UNKNOWN),
    ("%{expand:%{name}}", "a"),
    ("%{with x}%{without x}", "10"),
    ("%{with y}%{without y}", "01"),
    ("100%", "100%"),
    ("%{name", UNKNOWN),
    ("%{pypi_source}", f"https://{UNKNOWN}/{UNKNOWN}.tar.gz"),
    ("%{forgesource0}", f"https://{UNKNOWN}/{UNKNOWN}.tar.gz"),
]


@pytest.mark.parametrize(("text", "expected"), EXPANSIONS)
def test_expansion(text: str, expected: str) -> None:
    assert Macros({"name": "a", "version": "1", "with_x": "1"}).expand(text) == expected


def test_definitions_without_end_are_not_followed() -> None:
    macros = Macros({"loop": "%{loop}", **{f"a{n:02}": f"%{{a{n + 1:02}}}" * 9 for n in range(40)}})
    assert UNKNOWN in macros.expand("%{loop}")
    assert UNKNOWN in macros.expand("%{a00}")


SPEC = "Name: a\nVersion: 1.2\n"
LISTS: list[tuple[str, str, list[str]]] = [
    ("every package", "Source: s\nPatch3: p\n%package x\nsource1: t\n%description\nSource2: no\n", ["s", "p", "t"]),
    ("tags as macros", "Source0: https://x.org/%{name}-%{version}.tgz\n", ["a-1.2.tgz"]),
    ("a global of its own", "%global v 3\nSource0: f-%{v}\n%global v 4\nSource1: f-%{v}\n", ["f-3", "f-4"]),
    ("a define is expanded when used", "%define f %{name}-%{x}\n%global x 1\nSource0: %{f}\n", ["a-1"]),
    ("lists", "%sourcelist\na\n# c\n\n%{name}.conf\n%patchlist\np.patch\n%prep\nx\n", ["a", "a.conf", "p.patch"]),
    ("a branch that is not taken", "%if 0\nSource0: a\n%else\nSource1: b\n%endif\n", ["b"]),
    ("elif", "%if 0\nSource0: a\n%elif 1\nSource1: b\n%else\nSource2: c\n%endif\n", ["b"]),
    ("nested", "%if 0\n%if 1\nSource0: a\n%endif\n%endif\nSource1: b\n", ["b"]),
    ("a branch of the target counts", "%if 0%{?fedora}\nSource0: a\n%else\nSource1: b\n%endif\n", ["a", "b"]),
    ("so does one of an architecture", "%ifarch x86_64\nSource0: a\n%else\nSource1: b\n%endif\n", ["a", "b"]),
    ("an undefined macro is none", "%if 0%{?rc}\nSource0: a\n%endif\nSource1: b%{?rc}\n", ["b"]),
    ("bcond off", "%bcond_with x\n%if %{with x}\nSource0: a\n%endif\n", []),
    ("bcond on", "%bcond_without x\n%if %{with x}\nSource0: a\n%endif\n", ["a"]),
    ("bcond with a default", "%bcond x 1\n%bcond y 0\n%if %{with x} && !%{with y}\nSource0: a\n%endif\n", ["a"]),
    ("bcond that depends on the target", "%bcond x 0%{?rhel}\n%if %{with x}\nSource0: a\n%endif\n", ["a"]),
    ("a default", "%{!?v: %global v 5}\nSource0: f-%{v}\n", ["f-5"]),
    ("no default where defined", "%global v 4\n%{!?v: %global v 5}\nSource0: f-%{v}\n", ["f-4"]),
    ("nested defaults", "%{!?v: %{!?w:%global v 1} }\n%if \"%{?v}\" == \"1\"\nSource0: f\n%endif\n", ["f"]),
    ("undefine", "%global v 4\n%undefine v\nSource0: f%{?v}\n", ["f"]),
    ("a tag inside a macro", "%global x 1\n%{?x:Source7: s}\n%{?y:Source8: t}\n", ["s"]),
    ("known otherwise on the target", "%if 0%{?rhel}\n%global v 1\n%endif\nSource0: f%{?v}.c\n", [f"f{UNKNOWN}.c"]),
    ("what nobody defines stays", "Source0: %{fontpkgname1}.xml\n", ["%{fontpkgname1}.xml"]),
    ("comments", "#Source0: a\n# Source1: b\n", []),
    ("a path away", "Source0: ../../etc/passwd\nSource1: /etc/passwd\n", []),
    ("continued lines", "%global f \\\n  x.c\nSource0: %{f}\n", ["x.c"]),
    ("the url", "URL: https://x.org\nSource0: %{url}/a.tgz\n", ["a.tgz"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "names"), [case[1:] for case in LISTS], ids=[case[0] for case in LISTS])
def test_lists(text: str, names: list[str]) -> None:
    assert listed_files(SPEC + text, {}) == names


def test_macros_from_outside_decide_build_conditionals() -> None:
    text = (
        SPEC + "%bcond_without x\n%bcond_with y\n%if %{with x}\nSource0: a\n%endif\n%if %{with y}\nSource1: b\n%endif\n"
    )
    assert listed_files(text, {"_without_x": "1", "_with_y": "1"}) == ["b"]


@pytest.mark.parametrize(
    "text", ["%endif\n%else\n", "%if\n%elif\n", "%if 1\n" * 5000, "%{" * 5000, "Source0: " + "%{a" * 3000]
)
def test_malformed_specs_still_give_a_list(text: str) -> None:
    assert isinstance(listed_files(SPEC + text, {}), list)


_WORDS = """
%{ } %( ) %[ ] %if %elif %else %endif %global %define %bcond %undefine a b1 with ? ! : Source0: Patch: %sourcelist %prep
0 1 && || == " ( %% %a %{a} %{?a} / .. :// # %{expand: %{pypi_source} x://[ %2F..
"""
PIECES = [*_WORDS.split(), *(f"{word} " for word in _WORDS.split()), "\n", "\n%", "\\\n", "\0", "\x0b", "\udcff"]


@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
def test_any_text_has_a_list_of_safe_names(text: str) -> None:
    for name in listed_files(text, {"a": "%{b1}"}):
        assert name not in ("", ".", "..")
        assert not name.startswith(("/", "../"))


PRESENT = ["a.spec", "sources", "a.patch", "patches", "tests", ".gitignore", "changelog", "sub1.conf", "sub.conf"]
KEPT: list[tuple[list[str], list[str]]] = [
    ([], ["a.spec", "sources"]),
    (["a.patch", "missing"], ["a.spec", "sources", "a.patch"]),
    (["patches/x.patch"], ["a.spec", "sources", "patches"]),
    ([f"sub{UNKNOWN}.conf"], ["a.spec", "sources", "sub1.conf", "sub.conf"]),
    (["%{x}.c"], PRESENT),
    (["%x.c"], ["a.spec", "sources"]),
]


@pytest.mark.parametrize(("listed", "kept"), KEPT)
def test_kept(listed: list[str], kept: list[str]) -> None:
    assert kept_names("a.spec", listed, PRESENT) == set(kept)
