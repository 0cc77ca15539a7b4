"""An explanation of a build as text: the verdict, and the chains behind it, each level indented."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.artifact.explanation import LeafReason, PackagesReason
from boatyard.report.visible import visible_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boatyard.artifact.explanation import Explanation, PackageChange, Reason

VERDICTS = {
    "never built": "never built here",
    "to be built": "to be built",
    "in the store": "to be taken from the store: it was built like this before",
    "nothing changed": "up to date: nothing that its build can see has changed",
    "not known yet": "not known before what it needs is built",
    "was built": "built in the last run",
    "was reused": "reused in the last run: nothing that its build can see had changed",
}
UNEXPLAINED = {
    "not recorded": "no build of it is recorded here",
    "first build": "no build of it from before is recorded",
    "told above": "as told above",
    "built more than once since": "it was built more than once since; this is the last time",
}
WORDS = {
    "added": "is new",
    "removed": "is gone",
    "interface": "looks different to builds",
    "content": "has other content",
    "rebuilt": "looks the same to builds",
    "repacked": "holds the same",
}
MAX_NAMES = 6
MAX_DETAILS = 4
MAX_LINES = 200


def to_text(explanation: Explanation) -> str:
    """The explanation, with a final newline. A long one is cut; the leaves behind it are always told."""
    lines = list(_lines(explanation))
    if len(lines) > MAX_LINES:
        lines = [*lines[:MAX_LINES], f"  … {len(lines) - MAX_LINES} lines more (-o json has them)"]
    if len(explanation.roots) > 1 or (explanation.roots and any("    " in line for line in lines)):
        lines += ["", *_roots(explanation.roots)]
    return "\n".join(visible_line(line, 2000) for line in lines) + "\n"


def _lines(explanation: Explanation) -> Iterator[str]:
    because = ", because" if explanation.reasons and explanation.verdict in ("to be built", "was built") else ""
    yield f"{explanation.component}: {VERDICTS[explanation.verdict]}{because}"
    if explanation.verdict == "to be built" and not explanation.reasons:
        yield "  the store has no result of it"
    if explanation.verdict == "in the store" and explanation.reasons:
        yield "  compared with the result in use"
    yield from _reasons(explanation.reasons, 2 if explanation.verdict == "in the store" else 1)
    if explanation.cut_off:
        yield "  what was rebuilt, and does not count:"
        yield from _reasons(explanation.cut_off, 2)
    if explanation.last:
        yield "  the result in use was built because"
        yield from _reasons(explanation.last, 2)


def _reasons(reasons: Sequence[Reason], depth: int) -> Iterator[str]:
    indent = "  " * depth
    for reason in reasons:
        if isinstance(reason, LeafReason):
            yield f"{indent}{reason.leaf} {_leaf_change(reason)}"
        elif isinstance(reason, PackagesReason):
            yield from (f"{indent}{line}" for line in _packages(reason))
            if reason.because:
                yield f"{indent}  {reason.component} was rebuilt, because"
                yield from _reasons(reason.because, depth + 2)
            if reason.unexplained:
                yield f"{indent}  {UNEXPLAINED[reason.unexplained]}"
        else:
            yield f"{indent}{reason.component} is {VERDICTS[reason.verdict]}{', because' if reason.because else ''}"
            yield from _reasons(reason.because, depth + 1)


def _leaf_change(reason: LeafReason) -> str:
    if reason.change != "changed":
        return "is new" if reason.change == "added" else "is gone"
    return f"changed ({_short(reason.before)} → {_short(reason.after)})"


def _short(value: str) -> str:
    """A digest by its beginning, anything else as it is."""
    is_digest = len(value) >= 40 and all(char in "0123456789abcdef" for char in value)
    return value[:12] if is_digest else value or "nothing"


def _packages(reason: PackagesReason) -> Iterator[str]:
    """One line for each way in which packages of a component changed."""
    owner = f" of {reason.component}" if reason.component else " from a repository"
    for change, words in WORDS.items():
        packages = [package for package in reason.packages if package.change == change]
        if packages:
            more = f" and {len(packages) - MAX_NAMES} more" if len(packages) > MAX_NAMES else ""
            names = ", ".join(_named(package) for package in packages[:MAX_NAMES])
            yield f"{names}{more}{owner}: {_worded(words, len(packages))}"
            details = [words for package in packages for words in package.details]
            yield from (f"  {words}" for words in details[:MAX_DETAILS])
            if len(details) > MAX_DETAILS:
                yield f"  … and {len(details) - MAX_DETAILS} more differences"


def _named(package: PackageChange) -> str:
    if package.before and package.after and package.before != package.after:
        return f"{package.name} ({package.before} → {package.after})"
    return package.name


def _worded(words: str, count: int) -> str:
    if count == 1:
        return words
    first, _, rest = words.partition(" ")
    return f"{ {'is': 'are', 'looks': 'look', 'has': 'have', 'holds': 'hold'}[first] } {rest}"


def _roots(roots: Sequence[str]) -> Iterator[str]:
    yield "at the root of it:"
    yield from (f"  {root}" for root in roots[:MAX_LINES])
