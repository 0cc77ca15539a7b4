"""What a guest wrote is shown without doing anything."""

import re

import pytest

from boatyard.report.visible import visible_block, visible_line

ESCAPE_TITLE = "\x1b]0;owned\x07"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("plain text, <b>&amp;</b>", "plain text, <b>&amp;</b>"),
        ("Grüße, 日本語 ✓", "Grüße, 日本語 ✓"),
        ("two\nlines\tand a tab", "two↵lines and a tab"),
        ("\x1b[2Jgone", "‹U+001B›[2Jgone"),
        ("null \x00 del \x7f", "null ‹U+0000› del ‹U+007F›"),
        ("eight-bit CSI \x9b2J", "eight-bit CSI ‹U+009B›2J"),
        ("a\u202egnp.exe", "a‹U+202E›gnp.exe"),
        ("\u2066isolated\u2069", "‹U+2066›isolated‹U+2069›"),
        ("zero\u200bwidth\ufeff", "zero‹U+200B›width‹U+FEFF›"),
        ("half \ud800 a pair", "half ‹U+D800› a pair"),
        ("no character \uffff", "no character ‹U+FFFF›"),
        ("wide\u3000and\u00a0fixed", "wide and fixed"),
        ("e\u0301" + "\u0301" * 5, "e" + "\u0301" * 4 + "‹U+0301›" * 2),
    ],
)
def test_a_line(text: str, expected: str) -> None:
    assert visible_line(text) == expected
    assert visible_line(expected) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[\x1b[0;32m  OK  \x1b[0m] Started\r\nlogin: ", "[  OK  ] Started\nlogin: "),
        ("kept:\ttab\nand line", "kept:\ttab\nand line"),
        ("back\rto the start", "back‹U+000D›to the start"),
        (ESCAPE_TITLE, "‹U+001B›]0;owned‹U+0007›"),
        ("\x1b\x1b[m[2J", "‹U+001B›[2J"),
    ],
)
def test_a_block(text: str, expected: str) -> None:
    assert visible_block(text) == expected


def test_long_text_is_cut() -> None:
    assert visible_line("x" * 500) == "x" * 500
    assert visible_line("x" * 501) == "x" * 499 + "…"
    assert visible_block("a" * 60 + "b" * 60, 100) == f"{'a' * 50}\n… 20 characters are left out here …\n{'b' * 50}"


def test_no_character_is_dangerous_afterwards() -> None:
    """Of all of Unicode nothing is left that XML forbids, that is no text, or that a terminal obeys."""
    everything = "".join(map(chr, range(0x110000)))
    shown = visible_block(everything, len(everything))
    forbidden = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, 2.2
    assert forbidden.search(shown) is None
    assert all(char.isprintable() or char in "\n\t" for char in set(shown))
