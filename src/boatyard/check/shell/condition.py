"""Brackets and queries as tests: `[ -x /usr/bin/jq ]`, `command -v jq`, `grep -q … /etc/os-release`."""

from __future__ import annotations

import fnmatch
import re
from typing import TYPE_CHECKING

from boatyard.check.shell.expand import MARK, mark
from boatyard.check.shell.option import parse_options
from boatyard.check.step import (
    UNDECIDED,
    UNKNOWN,
    All,
    Exists,
    Fixed,
    HasFile,
    HasPackage,
    HasUnit,
    Kind,
    Not,
    Os,
    Some,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boatyard.check.shell.call import Call
    from boatyard.check.step import Test

FILE_TESTS = {"-e", "-f", "-x", "-r", "-s", "-d", "-L", "-h", "-w", "-a"}
RELEASE_FILES = (
    "/etc/os-release",
    "/usr/lib/os-release",
    "/etc/redhat-release",
    "/etc/system-release",
    "/etc/issue",
    "/etc/lsb-release",
)
UNIT_QUERIES = ("is-active", "is-enabled", "is-failed", "status", "cat")
LIKE_WORDS = re.compile(r"[A-Za-z][\w.+-]*")


def bracket(words: Sequence[str], call: Call) -> Test:
    """The test of the words between brackets (test(1), and `[[ … ]]` of bash)."""
    return _Bracket(list(words), call).any()


class _Bracket:
    """Reads a test from left to right; what is not understood is undecided."""

    def __init__(self, words: list[str], call: Call) -> None:
        self.words = words
        self.call = call

    def any(self) -> Test:
        tests = [self.all()]
        while self.words[:1] in (["-o"], ["||"]):
            self.words.pop(0)
            tests.append(self.all())
        return tests[0] if len(tests) == 1 else Some(tuple(tests))

    def all(self) -> Test:
        tests = [self.one()]
        while self.words[:1] in (["-a"], ["&&"]):
            self.words.pop(0)
            tests.append(self.one())
        return tests[0] if len(tests) == 1 else All(tuple(tests))

    def one(self) -> Test:
        negated = False
        while len(self.words) > 1 and self.words[0] == "!":
            self.words.pop(0)
            negated = not negated
        test = self.primary()
        return Not(test) if negated else test

    def primary(self) -> Test:
        words = self.words
        if words[:1] == ["("]:
            words.pop(0)
            test = self.any()
            if words[:1] == [")"]:
                words.pop(0)
            return test
        if len(words) >= 3 and words[1] in (
            "=",
            "==",
            "!=",
            "=~",
            "-eq",
            "-ne",
            "-gt",
            "-lt",
            "-ge",
            "-le",
            "<",
            ">",
            "-nt",
            "-ot",
        ):
            left, operator, right = words[:3]
            del words[:3]
            return compare(left, operator, right)
        if len(words) >= 2 and words[0].startswith("-") and words[0] not in ("-a", "-o"):
            operator, operand = words[:2]
            del words[:2]
            return self.unary(operator, operand)
        return self.unary("-n", words.pop(0)) if words else UNDECIDED

    def unary(self, operator: str, operand: str) -> Test:
        if operator in ("-n", "-z"):
            wanted = mark(operand, "which")
            if wanted:
                found = Exists(self.call.need(Kind.COMMAND, wanted))
                return found if operator == "-n" else Not(found)
            return UNDECIDED if UNKNOWN in operand else Fixed(bool(operand) is (operator == "-n"))
        if operator in FILE_TESTS:
            wanted = mark(operand, "which")
            if wanted:
                return Exists(self.call.need(Kind.COMMAND, wanted))
            return HasFile(operand) if operand.startswith("/") and UNKNOWN not in operand else UNDECIDED
        return UNDECIDED


def compare(left: str, operator: str, right: str) -> Test:
    """Two texts compared; fields of /etc/os-release become tests of the system."""
    if mark(right, "os") and not MARK.match(left):
        left, right = right, left
    field = mark(left, "os")
    if field and operator in ("=", "==", "!=", "=~") and UNKNOWN not in right:
        likely = tuple(f"*{word}*" for word in LIKE_WORDS.findall(right)) or ("*",)
        patterns = likely if operator == "=~" else (right,)
        return Not(Os(field, patterns)) if operator == "!=" else Os(field, patterns)
    if UNKNOWN in left or UNKNOWN in right or operator not in ("=", "==", "!="):
        return UNDECIDED
    return Fixed(fnmatch.fnmatchcase(left, right) is (operator != "!="))


def case_test(value: str, patterns: Sequence[str]) -> Test:
    """Whether `case value in` takes an arm with these patterns."""
    if any(pattern == "*" for pattern in patterns):
        return Fixed(True)
    found = MARK.match(value)
    if found and found[1] == "os" and not any(UNKNOWN in pattern for pattern in patterns):
        rest = value[found.end() : found.end() + 1]
        return Os(
            found[2], tuple(pattern.split(rest, 1)[0] if rest.strip(UNKNOWN) else pattern for pattern in patterns)
        )
    if UNKNOWN in value or any(UNKNOWN in pattern for pattern in patterns):
        return UNDECIDED
    return Fixed(any(fnmatch.fnmatchcase(value, pattern) for pattern in patterns))


def query(call: Call) -> Test | None:
    """The test that a command makes by its exit code; None when it makes none that is known here."""
    name, args = call.name, call.args
    if name in ("true", ":"):
        return Fixed(True)
    if name == "false":
        return Fixed(False)
    if name in ("test", "["):
        return bracket(args[:-1] if name == "[" and args[-1:] == ("]",) else args, call)
    wanted = looked_for(call)
    if wanted:
        tests = tuple(Exists(call.need(Kind.COMMAND, one)) for one in wanted if UNKNOWN not in one)
        return (tests[0] if len(tests) == 1 else All(tests)) if tests else UNDECIDED
    if name == "rpm" and any(word.startswith(("-q", "--query")) for word in args):
        packages = parse_options(args).rest
        return HasPackage(packages[0]) if len(packages) == 1 and UNKNOWN not in packages[0] else UNDECIDED
    if name == "systemctl" and args and args[0] in UNIT_QUERIES:
        units = [word for word in args[1:] if not word.startswith("-")]
        return HasUnit(units[0]) if len(units) == 1 and UNKNOWN not in units[0] else UNDECIDED
    if name in ("dnf", "yum") and args[:2] == ("list", "installed") and len(args) == 3:
        return HasPackage(args[2])
    if name in ("grep", "egrep", "fgrep") and args and args[-1] in RELEASE_FILES:
        words = parse_options(args, "eABCm").rest
        pattern = parse_options(args, "eABCm").value("-e") or (words[0] if words else "")
        found = [
            word for word in LIKE_WORDS.findall(pattern.replace("\\|", "|")) if word not in ("ID", "NAME", "ID_LIKE")
        ]
        return Os("text", tuple(found)) if found and UNKNOWN not in pattern else UNDECIDED
    return None


def looked_for(call: Call) -> tuple[str, ...]:
    """The commands that `command -v`, `type`, `which` and `hash` look for."""
    args = call.args
    if call.name == "command":
        return tuple(args[1:]) if args[:1] and args[0] in ("-v", "-V", "-pv", "-vp") else ()
    if call.name in ("type", "which", "hash"):
        return tuple(word for word in args if not word.startswith("-"))
    return ()
