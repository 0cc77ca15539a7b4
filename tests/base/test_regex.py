"""Patterns mean what they mean to Go's regexp package; replacements are literal."""

import pytest

from boatyard.base.regex import RegexError, compile_regex, end_of_patience

# Expected values: Go 1.25, regexp.ReplaceAllLiteralString.
REPLACED = [
    ("x", "axa", "$1", "a$1a"),
    ("(a)", "axa", r"\1\g<1>\n", r"\1\g<1>\nx\1\g<1>\n"),
    ("a$", "a\n", "X", "a\n"),
    (r"a\z", "ba", "X", "bX"),
    (r"(?m)a$", "a\na", "X", "X\nX"),
    ("(?m)^", "a\nb\n", "#", "#a\n#b\n#"),
    ("a(?m)^b", "a\nb", "X", "a\nb"),
    (r"a\n(?m)^b", "a\nb", "X", "X"),
    (r"\s", "\t\n\v\f\r \u00a0", ".", "..\v...\u00a0"),
    (r"\d\w\b", "٣é 4a", "X", "٣é X"),
    (".*", "abc", "X", "X"),
    ("x*", "abxd", "-", "-a-b-d-"),
    ("x*", "", "-", "-"),
    ("a{,2}", "a{,2}aa", "X", "Xaa"),
    ("{", "${a}", "<", "$<a}"),
    ("(?i)ſ", "sSſ", "x", "xxx"),
    ("(?U)a+", "aaa", "x", "xxx"),
    (r"\Qa.b\E", "a.b axb", "x", "x axb"),
    (r"\p{Greek}+", "abγδ", "x", "abx"),
    ("[[:upper:]]", "aBc", "x", "axc"),
    (r"\x{E9}", "é", "e", "e"),
    ("(?<n>a)", "ba", "x", "bx"),
    (r"\\C", r"a\C", "x", "ax"),
    (r"\Q\C\E", r"a\C", "x", "ax"),
    (".", "a\udce9b", "x", "xxx"),
    ("\ufffd", "a\udce9b", "x", "axb"),
    ("b", "a\udce9b", "x", "a\udce9x"),
    ("a|ab", "ab", "x", "xb"),
]
REFUSED = [
    *["(?=a)", "(?!a)", "(?<=a)", "(?>a)", r"(a)\1", r"(?P=n)", r"a\Z", "(?x)a", "a*+", "a++", "a**", "a{2}{3}"],
    *["a{1001}", "(a{500}){500}", r"\C", r"[a\C]", r"\h", r"\R", r"\G", r"\u0061", "(", "a)", "[b-a]", "[", "*", "\\"],
    *["(?#c)", "(?(1)a)", r"\k<n>", "\udce9", "(?P<n>a)(?<n>b)"],
]
SLOW_ELSEWHERE = [
    *["(a+)+$", "(a|a)*$", "(a|aa)+$", "(.*a){20}$", "(a*)*b", "([a-z]+)*$", "(a?){30}a{30}$", "^(([a-z])+.)+[A-Z]$"],
    *["(x+x+)+y", r"(\w+\s?)*!$"],
]


@pytest.mark.parametrize(("pattern", "text", "replacement", "expected"), REPLACED)
def test_replace_all(pattern: str, text: str, replacement: str, expected: str) -> None:
    assert compile_regex(pattern).replace_all(text, replacement) == expected


@pytest.mark.parametrize("pattern", REFUSED)
def test_what_go_refuses_is_refused(pattern: str) -> None:
    with pytest.raises(RegexError):
        compile_regex(pattern)


@pytest.mark.parametrize("pattern", SLOW_ELSEWHERE)
def test_patterns_that_hang_a_backtracker_end(pattern: str) -> None:
    text = "a" * 50_000 + "!"
    assert isinstance(compile_regex(pattern).replace_all(text, "x"), str)


@pytest.mark.parametrize("pattern", ["(?:a?){1000}a{1000}b", ".{0,999}.{0,999}x"])
def test_a_pattern_too_large_for_the_text_is_refused(pattern: str) -> None:
    with pytest.raises(RegexError, match="too large"):
        compile_regex(pattern).replace_all("a" * 300_000, "x")


def test_looking_ahead_to_the_end_at_every_match_is_stopped() -> None:
    with pytest.raises(RegexError, match="takes too long"):
        compile_regex("(?s).*x|a").replace_all("a" * 1_000_000, "b", seconds=0.1)


def test_patience_ends_for_many_texts_together() -> None:
    with pytest.raises(RegexError, match="takes too long"):
        compile_regex("a").replace_all("a", "b", until=0.0)
    assert compile_regex("a").replace_all("a", "b", until=end_of_patience()) == "b"
