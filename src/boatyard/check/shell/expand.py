"""Words to fields, as far as that is known before a script runs: constants are followed, the rest is UNKNOWN.

An unknown value that is known to be the path of a command, or a field of /etc/os-release, is a mark:
UNKNOWN + `which:jq` + UNKNOWN, UNKNOWN + `os:ID` + UNKNOWN.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from boatyard.check.shell.syntax import Opaque, Simple, Substitution, Text, Variable
from boatyard.check.step import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from boatyard.check.shell.syntax import Assignment, Part, Word
    from boatyard.check.step import Place

OS_FIELDS = ("ID", "ID_LIKE", "NAME", "VERSION", "VERSION_ID", "VERSION_CODENAME", "PRETTY_NAME", "PLATFORM_ID")
MARK = re.compile(f"{UNKNOWN}(which|os):([^{UNKNOWN}]*){UNKNOWN}")
BRACES = re.compile(r"\{([^{}\s]*,[^{}\s]*)\}")
MOST_FIELDS = 256
LONGEST_VALUE = 10_000
LONGEST_BRACES = 500
ASKED_OF_OS_RELEASE = re.compile(r"\^?\b(" + "|".join(OS_FIELDS) + r")=")
FIND_COMMAND = {"which", "type", "command", "hash"}


@dataclass
class Env:
    """What is known of variables at a point of a script.

    `arguments`: `$1`…, None when unknown; `places`: where they are written.
    """

    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    arguments: tuple[str, ...] | None = None
    places: dict[str, Place] = field(default_factory=dict)

    def copy(self) -> Env:
        return Env(dict(self.values), self.arguments, self.places)

    def forget(self, names: Iterable[str]) -> None:
        """Makes variables unknown."""
        for name in names:
            self.values[name] = (UNKNOWN,)

    def join(self, others: Sequence[Env]) -> None:
        """What is known after one of several ways was gone: what all of them agree on."""
        names = {name for env in others for name in env.values}
        for name in names:
            found = {env.values.get(name, (UNKNOWN,)) for env in others}
            self.values[name] = found.pop() if len(found) == 1 else (UNKNOWN,)

    def assign(self, assignment: Assignment) -> None:
        """`name=value`, `name+=value`, arrays."""
        name = assignment.name
        if not name.isidentifier():
            self.forget([name.split("[", 1)[0]])
            return
        if assignment.array:
            fields = tuple(one for word in assignment.value for one in self.fields(word))
            value = (self.values.get(name, (UNKNOWN,)) if assignment.appends else ()) + fields
        else:
            text = "".join(self.text(word) for word in assignment.value)
            old = "".join(self.values.get(name, (UNKNOWN,))) if assignment.appends else ""
            value = (old + text,)
        long = len(value) > MOST_FIELDS or sum(map(len, value)) > LONGEST_VALUE
        self.values[name] = (UNKNOWN,) if long else value

    def text(self, word: Word) -> str:
        """A word as one text, as in quotes or an assignment."""
        return "".join(" ".join(self.part(part)) for part in word.parts)

    def fields(self, word: Word) -> list[str]:
        """A word as the fields a command gets: unquoted values are split, braces expanded; globs stay as they are."""
        fields, open_field = [""], bool(word.parts)
        for part in word.parts:
            pieces = self.part(part)
            if isinstance(part, Text) or (part_is_quoted(part) and not is_list(part)):
                fields[-1] += "".join(pieces)
                continue
            if not part_is_quoted(part):
                pieces = [one for piece in pieces for one in piece.split()]
            if pieces:
                fields[-1] += pieces[0]
                fields += pieces[1:]
            open_field = open_field and bool(pieces or len(word.parts) > 1)
        if not open_field and fields == [""]:
            return []
        if all(isinstance(part, Text) and not part.quoted for part in word.parts):
            fields = [one for text in fields for one in braces(text)]
        return fields[:MOST_FIELDS]

    def part(self, part: Part) -> list[str]:
        """The values of a part; more than one for `"$@"` and arrays."""
        if isinstance(part, Text):
            return [part.value]
        if isinstance(part, Variable):
            return self.variable(part)
        if isinstance(part, Substitution) and not part.process:
            return [self.output(part)]
        return [UNKNOWN]

    def variable(self, part: Variable) -> list[str]:
        if part.name in ("@", "*"):
            return list(self.arguments) if self.arguments is not None and not part.operator else [UNKNOWN]
        if part.name.isdecimal() and part.name != "0" and self.arguments is not None:
            at = int(part.name) - 1
            found = self.arguments[at : at + 1] if at < MOST_FIELDS else ()
            if found or part.operator == "":
                return list(found) or [""]
            return [self.text(part.default)] if part.default is not None and part.operator in (":-", "-") else [UNKNOWN]
        value = self.values.get(part.name)
        if value is None or part.operator not in ("", "[@]", ":-", "-"):
            return [UNKNOWN]
        if part.operator in (":-", "-") and value == ("",):
            return [self.text(part.default)] if part.default is not None else [UNKNOWN]
        return list(value) if part.operator == "[@]" else list(value[:1])

    def output(self, part: Substitution) -> str:
        """What a substitution puts out: known for `echo` of constants, and in kind for a few others."""
        asked = ASKED_OF_OS_RELEASE.search(part.source) if "os-release" in part.source else None
        last = part.body[-1] if part.body else None
        if isinstance(last, Simple) and last.words:
            env = self.copy()
            for earlier in part.body[:-1]:
                if isinstance(earlier, Simple):
                    env.source_os_release([one for word in earlier.words for one in env.fields(word)])
            name, *words = [one for word in last.words for one in env.fields(word)] or [""]
            if name == "echo" and len(part.body) == 1 + sum(isinstance(one, Simple) for one in part.body[:-1]):
                return " ".join(words)
            plain = [word for word in words if not word.startswith("-")]
            if name in FIND_COMMAND and len(plain) == 1 and UNKNOWN not in plain[0]:
                return f"{UNKNOWN}which:{plain[0]}{UNKNOWN}"
            if name == "lsb_release" and any("i" in word for word in words):
                return f"{UNKNOWN}os:NAME{UNKNOWN}"
        return f"{UNKNOWN}os:{asked[1]}{UNKNOWN}" if asked else UNKNOWN

    def source_os_release(self, words: Sequence[str]) -> bool:
        """Whether a command sources /etc/os-release; its fields are variables then."""
        if len(words) != 2 or words[0] not in (".", "source") or not words[1].endswith("/os-release"):
            return False
        self.values |= {name: (f"{UNKNOWN}os:{name}{UNKNOWN}",) for name in OS_FIELDS}
        return True


def part_is_quoted(part: Part) -> bool:
    """Whether a part stands in quotes."""
    return not isinstance(part, Opaque) and part.quoted


def is_argument(part: Part) -> bool:
    """Whether a part is an argument of the function or script."""
    return isinstance(part, Variable) and (part.name in ("@", "*") or part.name.isdecimal())


def is_list(part: Part) -> bool:
    """Whether a part gives many fields even in quotes."""
    return isinstance(part, Variable) and (part.name == "@" or part.operator == "[@]")


def braces(text: str) -> list[str]:
    """`lib{a,b}` as `liba`, `libb`; braces that would give too many words stay as they are."""
    done: list[str] = []
    waiting = [text]
    while waiting:
        one = waiting.pop(0)
        found = BRACES.search(one) if len(one) < LONGEST_BRACES else None
        parts = found[1].split(",") if found else []
        if found is None or len(done) + len(waiting) + len(parts) > MOST_FIELDS:
            done.append(one)
        else:
            waiting = [one[: found.start()] + part + one[found.end() :] for part in parts] + waiting
    return done


def mark(text: str, kind: str) -> str:
    """What a value is marked as: the command of `which`, the field of `os`; empty when it is no such value."""
    found = MARK.fullmatch(text)
    return found[2] if found and found[1] == kind else ""
