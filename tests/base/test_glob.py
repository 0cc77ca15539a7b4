"""Globs against the rules of doublestar v4."""

import pytest

from boatyard.base.glob import alternatives, compile_path, has_magic

MATCHES = [
    ("**/*.comp.toml", "a/b/x.comp.toml", True),
    ("**/*.comp.toml", "x.comp.toml", True),
    ("*.c", "a/x.c", False),
    ("*", ".dotfile", True),
    ("a/**", "a", True),
    ("a/**", "a/b/c", True),
    ("a/**", "ab", False),
    ("**", "", True),
    ("**", "a/b", True),
    ("**/**/c", "c", True),
    ("a/**/b", "a/b", True),
    ("a/**/b", "a/x/y/b", True),
    ("a/**/b", "ab", False),
    ("**/a/**", "x/a", True),
    ("**/a/**", "x/a/y/z", True),
    ("**/a/**", "x/ba", False),
    ("**/a/**/a/b", "a/a/b", True),
    ("**/sum.patch", "https://host/y/sum.patch", True),
    ("*.patch", "https://host/y/sum.patch", False),
    ("{a,b{c,d}}.x", "bd.x", True),
    ("{a,b{c,d}}.x", "b.x", False),
    ("{,x}y", "y", True),
    ("[!a]b", "cb", True),
    ("[^a]b", "ab", False),
    ("[a-c]", "b", True),
    ("[!a]", "/", False),
    ("a?c", "a/c", False),
    ("a\\*", "a*", True),
    ("a\\*", "ab", False),
    ("a.c", "abc", False),
]


@pytest.mark.parametrize(("pattern", "path", "expected"), MATCHES)
def test_match(pattern: str, path: str, expected: bool) -> None:
    assert bool(compile_path(pattern).fullmatch(path)) is expected


@pytest.mark.parametrize(
    "pattern", ["{a", "a}", "[a", "a\\", "[]", "[z-a]", "{a,{b}", "{a,b}" * 11, "{" * 40 + "}" * 40]
)
def test_malformed_patterns_are_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="pattern"):
        compile_path(pattern)


def test_alternatives_keep_their_order() -> None:
    assert alternatives("{b,a}/{2,1}") == ["b/2", "b/1", "a/2", "a/1"]
    assert alternatives(r"\{a,b\}") == [r"\{a,b\}"]
    assert not has_magic("{a,b}.toml")
    assert has_magic("[ab].toml")


def test_hostile_patterns_end() -> None:
    """Without atomic groups these run for longer than anyone waits."""
    assert not compile_path("*a" * 60 + "b").fullmatch("a" * 5000)
    assert not compile_path("**/a/" * 30 + "b").fullmatch("a/" * 200 + "c")
