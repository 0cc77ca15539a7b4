"""From requirements to edges: how they are written, who likely provides what, and what is left over."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boatyard.graph.build_graph import Cause, Origin, Requirement, make_graph
from boatyard.graph.capability import guesses
from boatyard.graph.provider import Knowledge, Provider, Providers
from boatyard.graph.requirement import capabilities, split_requirements


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("gcc", ["gcc"]),
        ("a >= 1.0, b<2 c", ["a >= 1.0", "b<2", "c"]),
        ("perl(A::B) = 1, /usr/bin/x", ["perl(A::B) = 1", "/usr/bin/x"]),
        ("(a or (b and c >= 1)) d", ["(a or (b and c >= 1))", "d"]),
        (" , \n ", []),
        ("(a", ["(a"]),
    ],
)
def test_lists(value: str, expected: list[str]) -> None:
    assert split_requirements(value) == expected


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        ("gcc >= 4", (("gcc",),)),
        ("(a or b or c)", (("a", "b", "c"),)),
        ("(crate(x/y) >= 1 with crate(x/y) < 2~)", (("crate(x/y)",), ("crate(x/y)",))),
        ("(a >= 1 and (b or c))", (("a",), ("b", "c"))),
        ("(a if b else c)", (("a",),)),
        ("(a without b)", (("a",),)),
        ("(a unless (b and c))", (("a",),)),
        ("((a", ()),
        ("()", ()),
        ("", ()),
        ("(" * 200 + ")" * 200, ()),
    ],
)
def test_capabilities(requirement: str, expected: object) -> None:
    assert capabilities(requirement) == expected


@given(st.text(alphabet="ab()<>= ,or if\n", max_size=120))
def test_any_value_is_read(value: str) -> None:
    requirements = split_requirements(value)
    read, given_ = ("".join(text.replace(",", " ").split()) for text in ("".join(requirements), value))
    assert read == given_  # nothing is lost
    for requirement in requirements:
        assert all(name for group in capabilities(requirement) for name in group)


@pytest.mark.parametrize(
    ("capability", "package"),
    [
        ("perl(Foo::Bar::Baz)", "perl-Foo-Bar"),
        ("perl(strict)", "perl"),
        ("pkgconfig(glib-2.0)", "glib2-devel"),
        ("pkgconfig(gtk+-3.0)", "gtk3-devel"),
        ("pkgconfig(libpng)", "libpng-devel"),
        ("pkgconfig(Qt6Core)", "qt6-qtbase-devel"),
        ("cmake(KF6CoreAddons)", "kf6-kcoreaddons-devel"),
        ("python3dist(Foo.Bar[extra])", "python3-foo-bar"),
        ("python3.14dist(ruamel-yaml)", "python3-ruamel-yaml"),
        ("crate(serde/derive)", "rust-serde+derive-devel"),
        ("golang(github.com/a/go-b/v2/c)", "golang-github-a-go-b-2-devel"),
        ("golang(golang.org/x/sys/unix)", "golang-x-sys-devel"),
        ("golang(gopkg.in/yaml.v3)", "golang-gopkg-yaml-3-devel"),
        ("mvn(org.apache.maven:maven-core)", "maven"),
        ("rubygem(rake)", "rubygem-rake"),
        ("npm(left-pad)", "nodejs-left-pad"),
        ("R(methods)", "R-methods"),
        ("php-composer(a/b)", "php-a-b"),
        ("tex(geometry.sty)", "texlive-geometry"),
        ("ghc-devel(base-4.18)", "ghc-base-devel"),
        ("libz.so.1()(64bit)", "libz"),
        ("/usr/bin/gawk", "gawk"),
        ("zlib-devel(x86-64)", "zlib-devel"),
        ("python3-lxml", "python-lxml"),
        ("libcurl-devel", "curl"),
    ],
)
def test_guesses(capability: str, package: str) -> None:
    assert package in guesses(capability)


@given(st.text(max_size=60))
def test_any_capability_has_guesses_or_none(capability: str) -> None:
    assert all(guesses(capability))


def test_the_surest_knowledge_counts() -> None:
    providers = Providers()
    providers.add(Knowledge.LISTED, [("zlib-devel", "zlib-ng")])
    providers.add(
        Knowledge.TEXT, [("zlib-devel", "zlib"), ("tool", "b"), ("tool", "a"), ("self", "a"), ("self", "self")]
    )
    providers.add(Knowledge.GUESS, [("libX11", "libX11")])
    assert providers.find("zlib-devel") == Provider("zlib-ng", Knowledge.LISTED)
    assert providers.find("pkgconfig(zlib)") == Provider("zlib-ng", Knowledge.GUESS)
    assert providers.find("tool") == Provider("a", Knowledge.TEXT)
    assert providers.find("self") == Provider("self", Knowledge.TEXT)
    assert providers.find("pkgconfig(x11)") == Provider("libX11", Knowledge.GUESS)
    assert providers.find("nobody(has this)") is None


def test_edges_with_their_causes() -> None:
    providers = Providers()
    providers.add(Knowledge.TEXT, [("gcc", "gcc"), ("gcc-c++", "gcc"), ("make", "make")])
    likely = Requirement("(clang or gcc)", certain=False)
    graph = make_graph(
        {
            "less": [Requirement("gcc >= 12"), Requirement("gcc-c++"), Requirement("make"), Requirement("asm")],
            "make": [Requirement("gcc", Origin.BUILD), likely],
            "gcc": [],
        },
        providers,
        unread={"gcc": "no spec"},
        dynamic=["less"],
    )
    assert graph.needs == {"gcc": (), "less": ("gcc", "make"), "make": ("gcc",)}
    assert graph.edge_count == 3
    assert graph.edges["less"]["gcc"] == (
        Cause(Requirement("gcc >= 12"), "gcc", Knowledge.TEXT),
        Cause(Requirement("gcc-c++"), "gcc-c++", Knowledge.TEXT),
    )
    assert graph.edges["make"]["gcc"][1] == Cause(likely, "gcc", Knowledge.TEXT)
    assert graph.unresolved == {"less": (Requirement("asm"),)}
    assert list(graph.dependants("gcc")) == ["less", "make"]
    assert graph.dependants("less") == {}
