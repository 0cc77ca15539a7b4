"""Comments that suppress findings, each with its reason.

htop  # boatyard: ignore SP002 only for people who log in       this line
# boatyard: ignore SP002 …                                      the next line that is no comment
# boatyard: disable=SP001,SP002 …   until   # boatyard: enable=SP001    a block; without enable the rest of the file
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from boatyard.check.finding import Finding
from boatyard.check.rule import RULES
from boatyard.check.step import Place

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST = 1000
RULE = re.compile(r"\bSP\d{3}\b")
DIRECTIVE = re.compile(r"#\s*boatyard:\s*(?P<verb>\w+)[\s=]*(?P<rules>SP\d{3}(?:\s*,\s*SP\d{3})*)?\s*(?P<reason>.*)$")


@dataclass
class Suppression:
    """Findings of some rules from line `first` to line `last` are not counted, for a reason."""

    rules: frozenset[str]
    first: int
    last: float
    reason: str
    line: int
    used: bool = False


def read(text: str) -> tuple[list[Suppression], list[tuple[int, str, str]]]:
    """The suppressions of a file, and what is wrong with others: line, message, cure."""
    lines = text.splitlines()
    following = _next_statements(lines)
    found: list[Suppression] = []
    wrong: list[tuple[int, str, str]] = []
    for number, line in enumerate(lines, 1):
        comment = DIRECTIVE.search(line)
        if comment is None:
            continue
        verb, reason = comment["verb"], comment["reason"].strip()
        rules = frozenset(RULE.findall(comment["rules"] or ""))
        unknown = sorted(rules - RULES.keys())
        if verb not in ("ignore", "disable", "enable"):
            wrong.append((number, f"`boatyard: {verb}` means nothing", "write ignore, disable=… or enable=…"))
        elif not rules or unknown:
            told = f"there is no rule {unknown[0]}" if unknown else "the rule is missing"
            wrong.append((number, told, "write, for instance, `boatyard: ignore SP002 why`"))
        elif verb == "enable":
            for one in found:
                if one.last == float("inf") and one.rules & rules:
                    one.last = number
        elif not reason:
            wrong.append(
                (number, f"{verb} {', '.join(sorted(rules))} gives no reason", "write the reason after the rule")
            )
        else:
            target = following[number] if line.lstrip().startswith("#") else number
            last = float("inf") if verb == "disable" else target
            found.append(Suppression(rules, number if verb == "disable" else target, last, reason, number))
    return found, wrong


def _next_statements(lines: list[str]) -> list[int]:
    """For each line, by its number, the first one after it that is neither a comment nor empty."""
    found = [len(lines)] * (len(lines) + 1)
    for number in range(len(lines) - 1, 0, -1):
        text = lines[number].strip()
        found[number] = number + 1 if text and not text.startswith("#") else found[number + 1]
    return found


def apply(file: str, text: str, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings with the reasons that suppress them, and findings about suppressions that are wrong or not needed."""
    suppressions, wrong = read(text)
    kept: list[Finding] = []
    for finding in findings:
        reason = ""
        for one in suppressions[:MOST]:
            if finding.rule in one.rules and one.first <= finding.place.line <= one.last:
                one.used, reason = True, reason or one.reason
        kept.append(replace(finding, suppressed=reason))
    for line, message, cure in wrong:
        kept.append(_told(file, line, message, cure))
    for one in suppressions[:MOST]:
        if not one.used:
            rules = ", ".join(sorted(one.rules))
            kept.append(_told(file, one.line, f"nothing here is suppressed by {rules}", "remove the comment"))
    return tuple(sorted(kept, key=lambda one: (one.place, one.rule, one.name)))


def _told(file: str, line: int, message: str, cure: str) -> Finding:
    return Finding(
        rule="SP012",
        severity="warning",
        confidence="high",
        message=message,
        place=Place(file, line),
        fix=cure,
        text=message,
    )
