"""The line overlays: prepend, append, search and replace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.base.error import BuildError
from boatyard.base.regex import Regex, RegexError, compile_regex, end_of_patience
from boatyard.overlay.nearest import nearest_lines, sections_of
from boatyard.overlay.scope import lines_in_scope
from boatyard.spec.section import Section, describe, header, sections

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from boatyard.config.model.overlay import AppendLines, PrependLines, SearchReplace


def prepend_lines(overlay: PrependLines, lines: Sequence[str]) -> list[str]:
    """Puts lines at the top of the spec, or right after the header of each section of that name and package."""
    if not overlay.section:
        _refuse_scope(overlay)
        return [*overlay.lines, *lines]
    found = _targets(overlay, lines_in_scope(overlay, lines), lines)
    return insert_at(lines, [section.start + 1 for section in found], overlay.lines)


def append_lines(overlay: AppendLines, lines: Sequence[str]) -> list[str]:
    """Puts lines at the end of the spec, or of each section of that name and package, before the next header."""
    if not overlay.section:
        _refuse_scope(overlay)
        return [*lines, *overlay.lines]
    scope = lines_in_scope(overlay, lines)
    ends = [_end_in_scope(section, scope) for section in _targets(overlay, scope, lines)]
    return insert_at(lines, ends, overlay.lines)


def search_replace(overlay: SearchReplace, lines: Sequence[str]) -> list[str]:
    """Replaces every match in body lines, one line at a time; headers of sections are never changed.

    A replacement may make a line the header of a section; the lines after it then belong to that section.
    """
    regex = compiled(overlay.regex)
    name, package = "", ""
    scope = lines_in_scope(overlay, lines)
    changed = []
    until = end_of_patience()
    for number, line in enumerate(lines):
        start = header(line)
        is_target = not start and number in scope and overlay.section in ("", name) and overlay.package in ("", package)
        changed.append(replaced(regex, line, overlay.replacement, until) if is_target else line)
        if changed[-1] is not line:
            start = header(changed[-1])
        name, package = start or (name, package)
    count = sum(map(str.__ne__, lines, changed))
    if not count:
        raise _pattern_not_found(overlay, lines)
    if overlay.expect not in (0, count):
        raise BuildError(
            f"pattern found in {count} lines, {overlay.expect} expected: {overlay.regex!r}",
            detail="\n".join(
                f"line {n + 1}: {old.strip()}"
                for n, (old, new) in enumerate(zip(lines, changed, strict=True))
                if old != new
            ),
            hint="look at the lines, then correct the pattern or `expect`",
        )
    return changed


def _end_in_scope(section: Section, scope: Collection[int]) -> int:
    """The end of a section, or of the branch it begins in when only that is in scope."""
    return next((line for line in range(section.start, section.end) if line not in scope), section.end)


def _targets(overlay: PrependLines | AppendLines, scope: Collection[int], lines: Sequence[str]) -> list[Section]:
    """The sections that an overlay names and whose header is in its scope."""
    found = [section for section in find_sections(lines, overlay.section, overlay.package) if section.start in scope]
    if not found:
        raise section_not_found(lines, overlay.section, overlay.package)
    return found


def compiled(pattern: str) -> Regex:
    """The pattern of an overlay; BuildError when it is none."""
    try:
        return compile_regex(pattern)
    except RegexError as error:
        raise BuildError(
            f"invalid regex {pattern!r} in overlay: {error}", hint="patterns are those of Go's RE2: no look-around"
        ) from None


def replaced(regex: Regex, text: str, replacement: str, until: float) -> str:
    try:
        return regex.replace_all(text, replacement, until=until)
    except RegexError as error:
        raise BuildError(f"regex {regex.pattern!r}: {error}", hint="write a simpler pattern") from None


def find_sections(lines: Sequence[str], name: str, package: str) -> list[Section]:
    """The sections of exactly this name (with its case) and package."""
    return [section for section in sections(lines) if section.name == name and section.package == package]


def insert_at(lines: Sequence[str], places: Iterable[int], added: Sequence[str]) -> list[str]:
    """Lines with others put before each of the places (line numbers of `lines`)."""
    changed = list(lines)
    for place in sorted(places, reverse=True):
        changed[place:place] = added
    return changed


def section_not_found(lines: Sequence[str], name: str, package: str) -> BuildError:
    return BuildError(
        f"section not found: {describe(name, package)}",
        detail=sections_of(lines),
        hint="a package is named as the header writes it, without expanding macros; names of sections have their case",
    )


def _refuse_scope(overlay: PrependLines | AppendLines) -> None:
    if overlay.inside or overlay.outside:
        raise BuildError("`inside` and `outside` choose among sections", hint="name a section too")


def _pattern_not_found(overlay: SearchReplace, lines: Sequence[str]) -> BuildError:
    where = f" in {describe(overlay.section, overlay.package)}" if overlay.section else ""
    if overlay.section and not find_sections(lines, overlay.section, overlay.package):
        where += " (section not found)"
    already = [number for number, line in enumerate(lines) if overlay.replacement and overlay.replacement in line]
    if already:
        hint = f"line {already[0] + 1} already holds the replacement: the overlay may no longer be needed"
    elif any(compiled(overlay.regex).replace_all(line, "") != line for line in lines if header(line)):
        hint = "it matches the header of a section; headers are never replaced"
    else:
        hint = "a pattern is matched against one line at a time"
    return BuildError(
        f"pattern not found: {overlay.regex!r}{where}",
        detail=nearest_lines(overlay.regex, enumerate(lines)),
        hint=hint,
    )
