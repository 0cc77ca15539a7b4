"""The line of a key in a TOML file. Only called when there is something to say about the key.

The text has been parsed before, so it is well-formed; the scanner only follows structure and never interprets values.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Key = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_BASIC = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_LITERAL = re.compile(r"'([^'\n]*)'")
_LONG_BASIC = re.compile(r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*?"{3,5}', re.DOTALL)
_LONG_LITERAL = re.compile(r"'''.*?'{3,5}", re.DOTALL)
_SCALAR = re.compile(r"[^,\]}#\n]*")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)")
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}


def key_lines(text: str) -> dict[Key, int]:
    """Line (from 1) of every key; array elements are keys too, counted from 0. Of a key told twice, the first line."""
    lines: dict[Key, int] = {}
    line, last = 1, 0
    for key, position in _Scanner(text).all_keys():
        line += text.count("\n", last, position)
        last = position
        for depth in range(1, len(key) + 1):  # a dotted key or header tells its parents as well
            lines.setdefault(key[:depth], line)
    return lines


def nearest(lines: Mapping[Key, int], key: Key) -> int:
    """The line of a key, or of the nearest table around it; 0 when there is none."""
    return next((lines[key[:end]] for end in range(len(key), 0, -1) if key[:end] in lines), 0)


def line_of(text: str, key: Key) -> int:
    """The line of a key in a text, or of the nearest table around it; 0 when there is none."""
    return nearest(key_lines(text), key)


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def all_keys(self) -> Iterator[tuple[Key, int]]:
        """Every key with the position of its text, in the order of the file."""
        table: Key = ()
        elements: dict[Key, int] = {}
        while self._blank():
            start = self._at
            if self._text[start] == "[":
                table = self._header(elements)
                yield table, start
            else:
                yield from self._assignment(table)

    def _blank(self) -> bool:
        """Skips white space and comments; False at the end."""
        match = _BLANK.match(self._text, self._at)
        self._at = match.end() if match else self._at
        return self._at < len(self._text)

    def _header(self, elements: dict[Key, int]) -> Key:
        array = self._text.startswith("[[", self._at)
        self._at += 2 if array else 1
        names = self._dotted()
        self._at += 2 if array else 1
        path: Key = ()
        for number, name in enumerate(names):
            path = (*path, name)
            if array and number == len(names) - 1:
                elements[path] = elements.get(path, -1) + 1
            if path in elements:
                path = (*path, elements[path])
        return path

    def _assignment(self, table: Key) -> Iterator[tuple[Key, int]]:
        start = self._at
        key = (*table, *self._dotted())
        self._at += 1  # the equals sign
        yield key, start
        yield from self._value(key)

    def _dotted(self) -> list[str]:
        names = [self._name()]
        while self._blank() and self._text[self._at] == ".":
            self._at += 1
            names.append(self._name())
        return names

    def _name(self) -> str:
        self._blank()
        for pattern in (_BARE, _LITERAL, _BASIC):
            if match := pattern.match(self._text, self._at):
                self._at = match.end()
                return _unescape(match[1]) if pattern is _BASIC else match[match.lastindex or 0]
        raise ValueError("not a key")

    def _value(self, key: Key) -> Iterator[tuple[Key, int]]:
        self._blank()
        opening = self._text[self._at : self._at + 1]
        if opening == "[":
            yield from self._array(key)
        elif opening == "{":
            self._at += 1
            while self._blank() and self._text[self._at] != "}":
                yield from self._assignment(key)
                self._separator()
            self._at += 1
        else:
            for pattern in (_LONG_BASIC, _LONG_LITERAL, _BASIC, _LITERAL, _SCALAR):
                if match := pattern.match(self._text, self._at):
                    self._at = match.end()
                    return

    def _array(self, key: Key) -> Iterator[tuple[Key, int]]:
        self._at += 1
        number = 0
        while self._blank() and self._text[self._at] != "]":
            yield (*key, number), self._at
            yield from self._value((*key, number))
            number += 1
            self._separator()
        self._at += 1

    def _separator(self) -> None:
        if self._blank() and self._text[self._at] == ",":
            self._at += 1


def _unescape(text: str) -> str:
    def char(match: re.Match[str]) -> str:
        code = match[1]
        return chr(int(code[1:], 16)) if len(code) > 1 else _ESCAPES.get(code, code)

    return _ESCAPE.sub(char, text)
