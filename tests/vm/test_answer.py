"""What is typed into a console that asks, from the bytes of real menus."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from boatyard.vm.answer import Answer, Answerer

# GRUB draws its menu once for the screen and once for the serial port; UEFI shows both on the serial port.
MENU = (
    b"\x1b[2;25HGNU GRUB  version 2.12\r\n\r\x1b[m\x1b[4;2H+----+\x1b[7m\x1b[5;3H*Install Skiff Linux 1.0   \x1b[m"
    b"\x1b[6;3H Try Skiff Linux 1.0 without installing    \x1b[7;3H"
)
TRY = Answer("without installing", b"t")


@given(st.lists(st.integers(0, 2 * len(MENU))))
def test_a_menu_in_any_pieces_is_answered_once(cuts):
    stream = MENU * 2
    edges = [0, *sorted(cuts), len(stream)]
    answerer = Answerer([TRY])
    assert b"".join(answerer.feed(stream[a:b]) for a, b in itertools.pairwise(edges)) == b"t"


def test_another_menu_is_not_answered():
    assert Answerer([TRY]).feed(MENU.replace(b"without", b"after")) == b""


def test_each_answer_has_its_own_question():
    answerer = Answerer([TRY, Answer("Which disk?", b"1\n")])
    assert [answerer.feed(data) for data in (b"Which disk", b"? ", MENU, b"Which disk? ")] == [b"", b"1\n", b"t", b""]


def test_only_the_latest_output_is_kept():
    answerer = Answerer([TRY])
    for _ in range(100):
        assert answerer.feed(b"x" * 4096) == b""
    assert answerer.feed(MENU) == b"t"
