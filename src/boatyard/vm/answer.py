"""Keys for a machine that asks: typed when its console shows certain words, so that nobody has to sit there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard.vm.serial import without_escapes

if TYPE_CHECKING:
    from collections.abc import Iterable

KEPT_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Answer:
    """`keys` are typed the first time that the console shows `words`, which lie in one line."""

    words: str
    keys: bytes


class Answerer:
    """Takes the console's bytes in pieces of any size."""

    def __init__(self, answers: Iterable[Answer]) -> None:
        self._open = list(answers)
        self._latest = b""

    def feed(self, data: bytes) -> bytes:
        """What is to be typed now. A menu that is drawn again is not answered again."""
        if not self._open:
            return b""
        self._latest = (self._latest + data)[-KEPT_BYTES:]
        text = without_escapes(self._latest)
        seen = [answer for answer in self._open if answer.words in text]
        self._open = [answer for answer in self._open if answer not in seen]
        return b"".join(answer.keys for answer in seen)
