"""What the text of a spec tells: packages, Provides and requirements, certain or not; hostile text does no harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boatyard.spec.condition import holds
from boatyard.spec.facts import SpecFacts, read_facts
from boatyard.spec.macro import Macros

SPEC = """\
%bcond_with bootstrap
%bcond_without check
%bcond docs 0%{?make_docs}
%global crate gix
%define shown(a:) %{-a*}
%{!?python3_pkgversion: %global python3_pkgversion 3}

Name:           rust-%{crate}
Version:        1.2
Release:        1%{?dist}
Provides:       gix(lib) = %{version}-%{release}
BuildRequires:  cargo-rpm-macros >= 24, gcc
BuildRequires:  (crate(a) >= 1 with crate(a) < 2~)
%if %{with check}
BuildRequires:  python%{python3_pkgversion}-pytest
%endif
%if %{with bootstrap}
BuildRequires:  never
%else
BuildRequires:  always
%endif
%ifarch x86_64 aarch64
BuildRequires:  nasm%{?_isa}
%endif
%ifarch s390x
BuildRequires:  s390utils
%endif
%if 0%{?fedora} >= 40 || 0%{?rhel}
BuildRequires:  only-there
%endif
%if %(test -e /etc/passwd && echo 1)
BuildRequires:  perhaps
%elif 0
BuildRequires:  no
%else
BuildRequires:  perhaps-not
%endif
%{?with_check:BuildRequires: check-tool}
BuildRequires:  %{shown -a x}

%description
BuildRequires: prose

%package devel
Summary: x
Provides: %{name}-static

%description devel

%package -n %{crate}-tools
Summary: x

%generate_buildrequires
%cargo_generate_buildrequires

%prep
%if 1
 %package is no section here

%changelog
* Mon Jan 01 2024 A <a@example.com> - 1
- BuildRequires: history
"""


def facts(text: str, **options: object) -> SpecFacts:
    return read_facts(text, arch="x86_64", **options)  # type: ignore[arg-type]


def wanted(found: SpecFacts) -> dict[str, bool]:
    return {one.text: one.certain for one in found.requires}


def test_requirements() -> None:
    assert wanted(facts(SPEC)) == {
        "cargo-rpm-macros >= 24, gcc": True,
        "(crate(a) >= 1 with crate(a) < 2~)": True,
        "python3-pytest": True,
        "always": True,
        "nasm": True,
        "perhaps": False,
        "perhaps-not": False,
        "check-tool": True,
        "%{shown -a x}": False,
    }


def test_packages_and_provides() -> None:
    found = facts(SPEC)
    assert [one.text for one in found.packages] == ["rust-gix", "rust-gix-devel", "gix-tools"]
    assert all(one.certain for one in found.packages)
    assert [one.text for one in found.provides] == ["gix(lib) = 1.2-1", "rust-gix-static"]
    assert found.dynamic
    assert found.requires[0].line == 12


def test_conditionals_and_macros_of_the_project() -> None:
    found = wanted(facts(SPEC, with_={"bootstrap"}, without={"check"}, defines={"rhel": "10"}))
    assert "never" in found
    assert not {"always", "python3-pytest", "check-tool"} & found.keys()
    assert found["only-there"]
    assert "s390utils" in wanted(read_facts(SPEC, arch="s390x"))


def test_a_macro_of_an_uncertain_branch() -> None:
    text = "Name: a\n%if %(x)\n%global b one\n%else\n%global b two\n%endif\nBuildRequires: %{b}\n"
    assert wanted(facts(text)) == {"one": True}


def test_a_name_that_only_rpm_knows() -> None:
    text = "%gometa\nName: %{goname}\nBuildRequires: %{name}-x\n%package devel\n%package -n %{fancy}\n"
    found = facts(text, name="golang-x-y")
    assert [(one.text, one.certain) for one in found.packages] == [
        ("golang-x-y", False),
        ("golang-x-y-devel", True),
        ("%{fancy}", False),
    ]
    assert [one.text for one in found.requires] == ["golang-x-y-x"]
    assert facts(text).packages[0].text == "%{goname}"


def test_undefined_macros() -> None:
    text = (
        "%global a 1\n%global b 1\n%undefine a\n%if %(x)\n%undefine b\n%endif\nBuildRequires: x%{?a}\nProvides: %{b}\n"
    )
    found = facts(f"Name: n\n{text}")
    assert [one.text for one in found.requires] == ["x"]
    assert [one.text for one in found.provides] == ["%{b}"]


def test_a_conditional_within_one_that_is_not_taken() -> None:
    text = "Name: a\n%if 0\n%if 1\nBuildRequires: b\n%endif\n%else\nBuildRequires: c\n%endif\nBuildRequires: d\n"
    assert wanted(facts(text)) == {"c": True, "d": True}


@pytest.mark.parametrize(
    ("text", "expanded", "complete"),
    [
        ("%{a}-%a-%%a", "1-1-%a", True),
        ("%{?a}%{!?a}%{?none}%{!?none:x}%{?a:<%{a}>}", "1x<1>", True),
        ("%{none}", "%{none}", False),
        ("%(ls) %{lua:print(1)} %[1+1]", "%(ls) %{lua:print(1)} %[1+1]", False),
        ("%{expand:%%{a}}", "1", True),
        ("%{with on}%{without on}%{with off}%{defined a}%{undefined a}", "10010", True),
        ("%{unclosed", "%{unclosed", False),
        ("100%", "100%", True),
        ("%{hidden}%{?hidden:x}", "%{hidden}%{?hidden:x}", False),
    ],
)
def test_macros(text: str, expanded: str, complete: bool) -> None:
    macros = Macros()
    macros.define_all({"a": "1", "with_on": "1"})
    macros.hide("hidden")
    found = macros.expand(text)
    assert (found.text, found.complete) == (expanded, complete)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1", True),
        ("0", False),
        ("0%{?none}", False),
        ("0%{?seven} >= 7 && !0", True),
        ('"%{?seven}" == "7"', True),
        ("%{with x} || 1", True),
        ("%{unknown} || 1", True),
        ("%{unknown} && 0", False),
        ("%{unknown} && 1", None),
        ("!(1 || 0) == 0", True),
        ("2 + 3 - 1 == 4", True),
        ("-1 < 0", True),
        ('v"1.2" < v"1.3"', None),
        ('1 == "1"', None),
        ("(1", None),
        ("1 1", None),
        ("", None),
        ("(" * 3000, None),
    ],
)
def test_conditions(expression: str, expected: bool | None) -> None:
    macros = Macros()
    macros.define("seven", "7")
    assert holds("%if", expression, macros, "x86_64") is expected


@pytest.mark.parametrize(
    ("directive", "words", "expected"),
    [
        ("%ifarch", "aarch64 %{x86_64}", True),
        ("%ifarch", "%{ix86}", False),
        ("%ifarch", "%{some_arches}", None),
        ("%ifnarch", "%{some_arches} x86_64", False),
        ("%elifarch", "aarch64", False),
        ("%ifos", "linux", True),
    ],
)
def test_architectures(directive: str, words: str, expected: bool | None) -> None:
    assert holds(directive, words, Macros(), "x86_64") is expected


def test_macros_that_grow_without_end() -> None:
    laughs = "%define l0 ha\n" + "".join(f"%define l{n + 1} {f'%{{l{n}}}' * 10}\n" for n in range(12))
    found = facts(f"{laughs}Name: a\nBuildRequires: %{{l12}}\n%define b %{{b}}x\nBuildRequires: %{{b}}\n")
    assert [one.certain for one in found.requires] == [False, False]


def test_work_for_one_spec_has_an_end() -> None:
    macros = Macros(work=1_000)
    macros.define("a", "x" * 900)
    assert macros.expand("%a").complete
    assert not macros.expand("%a").complete


def test_conditionals_nested_without_end() -> None:
    found = facts("%if 1\n" * 100_000 + "Name: a\n" + "%endif\n" * 100_000 + "BuildRequires: b\n")
    assert wanted(found) == {"b": True}


@given(st.text(alphabet='%{}()[]?!:" \nabBuildRequires1=&|<>ifelsn', max_size=300))
def test_any_text_has_facts(text: str) -> None:
    found = facts(f"Name: a\n{text}\n")
    assert found.packages[0].text == "a"
