"""Globs as doublestar reads them: `*`, `?`, `**` for whole folders, `[class]`, `{a,b}`, and `\\` before a literal.

`*` and `**` match names that begin with a dot. The regular expressions made here run in linear time: every run of
text between two stars is matched as early as possible and never tried again.
"""

from __future__ import annotations

import functools
import re

MAX_ALTERNATIVES = 1000


def has_magic(pattern: str) -> bool:
    """Whether a pattern holds a wildcard; braces alone only list names."""
    return any(char in pattern for char in "*?[")


def alternatives(pattern: str) -> list[str]:
    """The patterns without braces that one pattern stands for, in order; ValueError for braces that do not pair."""
    found = [""]
    position = 0
    while position < len(pattern):
        char = pattern[position]
        if char == "\\":
            found = [text + pattern[position : position + 2] for text in found]
            position += 2
        elif char == "{":
            choices, position = _choices(pattern, position)
            found = [text + choice for text in found for choice in choices]
            if len(found) > MAX_ALTERNATIVES:
                raise ValueError(f"pattern {pattern!r} stands for more than {MAX_ALTERNATIVES} others")
        elif char == "}":
            raise ValueError(f"pattern {pattern!r} closes a brace that is not open")
        else:
            found = [text + char for text in found]
            position += 1
    return found


def _choices(pattern: str, start: int) -> tuple[list[str], int]:
    """What the brace at `start` can be, and the position after its end."""
    depth, begin, parts = 0, start + 1, list[str]()
    position = start
    while position < len(pattern):
        char = pattern[position]
        if char == "\\":
            position += 1
        elif char == "{":
            depth += 1
            if depth > 16:
                raise ValueError(f"pattern {pattern!r} nests braces too deeply")
        elif char == "," and depth == 1:
            parts.append(pattern[begin:position])
            begin = position + 1
        elif char == "}":
            depth -= 1
            if depth == 0:
                parts.append(pattern[begin:position])
                return [choice for part in parts for choice in alternatives(part)], position + 1
        position += 1
    raise ValueError(f"pattern {pattern!r} opens a brace that is never closed")


@functools.lru_cache(maxsize=4096)
def compile_path(pattern: str) -> re.Pattern[str]:
    """An expression whose `fullmatch` tells whether a path with `/` matches; ValueError for a malformed pattern."""
    return re.compile("|".join(_path(choice) for choice in alternatives(pattern)), re.DOTALL)


@functools.lru_cache(maxsize=4096)
def compile_name(pattern: str) -> re.Pattern[str]:
    """An expression for one name (no `/`, no braces); ValueError for a malformed pattern."""
    return re.compile(_segment(pattern), re.DOTALL)


def _path(pattern: str) -> str:
    """Runs of segments between two `**` are found as early as possible, in atomic groups; the last is at the end."""
    runs: list[list[str]] = [[]]
    for segment in pattern.split("/"):
        if segment == "**":
            runs.append([])
        else:
            runs[-1].append(_segment(segment))
    first, *others = ("/".join(run) for run in runs)
    if not others:
        return first
    middle = "".join(f"(?>(?:[^/]*/)*?{run}/)" for run in others[:-1] if run)
    if others[-1]:
        return (first and f"{first}/") + f"{middle}(?:[^/]*/)*{others[-1]}"
    if middle:  # its last slash may be missing: `**/a/**` matches `x/a`
        return (first and f"{first}/") + f"(?:{middle}.*|{middle.removesuffix('/)')}))"
    return f"{first}(?:/.*)?" if first else ".*"


def _segment(pattern: str) -> str:
    """Stars become lazy runs inside atomic groups, as in fnmatch, so that nothing is tried twice."""
    runs: list[str] = [""]
    position = 0
    while position < len(pattern):
        char = pattern[position]
        if char == "*":
            runs.append("")
            position += 1
        elif char == "?":
            runs[-1] += "[^/]"
            position += 1
        elif char == "[":
            text, position = _class(pattern, position)
            runs[-1] += text
        elif char == "\\":
            if position + 1 == len(pattern):
                raise ValueError(f"pattern {pattern!r} ends in a backslash")
            runs[-1] += re.escape(pattern[position + 1])
            position += 2
        else:
            runs[-1] += re.escape(char)
            position += 1
    if len(runs) == 1:
        return runs[0]
    middle = "".join(f"(?>[^/]*?{run})" for run in runs[1:-1] if run)
    return f"{runs[0]}{middle}[^/]*{runs[-1]}"


def _class(pattern: str, start: int) -> tuple[str, int]:
    """A character class as an expression, and the position after it."""
    position = start + 1
    negated = pattern[position : position + 1] in ("!", "^")
    position += negated
    body = ""
    while position < len(pattern) and (pattern[position] != "]" or not body):
        char = pattern[position]
        if char == "\\" and position + 1 < len(pattern):
            position += 1
            char = "\\" + pattern[position] if not pattern[position].isalnum() else pattern[position]
        elif char in "[&~|^\\]":
            char = "\\" + char
        body += char
        position += 1
    if position >= len(pattern) or not body:
        raise ValueError(f"pattern {pattern!r} opens a class that is never closed")
    text = f"[^/{body}]" if negated else f"(?!/)[{body}]"
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"pattern {pattern!r}: {error}") from error
    return text, position + 1
