"""Looks for overlays that do not apply, that change nothing any more, and that the next upstream change may break.

Brittleness is tried, not guessed: the spec is changed as upstreams change specs, and an overlay that then fails relied
on something it had no need to.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.base.error import BuildError
from boatyard.config.model.overlay import AddTag, AppendLines, Overlay, SearchReplace
from boatyard.overlay.apply import Numbered, apply_to_files, apply_to_spec, archive_of, link_file
from boatyard.overlay.line import find_sections
from boatyard.ports.files import temporary_dir
from boatyard.ports.folder import Folder
from boatyard.spec.conditional import depth
from boatyard.spec.tag import tags
from boatyard.spec.text import decode, split_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WIDE = 5
# Large, so that a number does not become the one that an overlay sets.
STEP = 100
_LAST_NUMBER = re.compile(r"[0-9]{1,9}(?=[^0-9]*\Z)")
_NUMBERED = re.compile(r"(source|patch)[0-9]{1,9}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Finding:
    """What is to be said about an overlay. `kind` is broken, redundant, brittle, misplaced or wide; worst first."""

    of: Numbered
    kind: str
    what: str
    hint: str = ""


def check_overlays(component: str, overlays: Sequence[Overlay], tree: Path, spec: Path) -> list[Finding]:
    """Tries a component's overlays on its source tree, which stays as it is; in the order of the overlays.

    Overlays after one that fails are tried as if that one were not there. Those of archives are left out.
    """
    items = [
        Numbered(component, number, overlay)
        for number, overlay in enumerate(overlays, start=1)
        if not archive_of(overlay)
    ]
    lines = split_lines(decode(spec.read_bytes()))
    with temporary_dir(Path(tempfile.gettempdir())) as copy:
        shutil.copytree(tree, copy, symlinks=True, copy_function=link_file, dirs_exist_ok=True)
        with Folder(copy) as folder:
            broken = _broken(items, lines, folder)
    failed = {finding.of for finding in broken}
    sound = [item for item in items if item not in failed]
    found = [*broken, *_redundant(sound, lines), *_brittle(sound, lines), *_misplaced(sound, lines)]
    return sorted(found, key=lambda finding: finding.of.number)


def _broken(items: Sequence[Numbered], lines: list[str], folder: Folder) -> list[Finding]:
    found = []
    for item in items:
        try:
            changed = apply_to_spec(item, lines)
            apply_to_files(item, folder)
            lines = changed
        except BuildError as error:
            problem = error.problems[0]
            what = problem.what.removeprefix(f"{item}: ")
            found.append(Finding(item, "broken", "; ".join([what, *problem.detail.splitlines()]), problem.hint))
    return found


def _redundant(items: Sequence[Numbered], lines: list[str]) -> list[Finding]:
    whole, _ = _edited(items, lines)
    found = []
    for item in items:
        if _applied(item, lines) is lines:
            continue  # not about the spec
        without, failed = _edited([other for other in items if other is not item], lines)
        if without == whole and not failed:
            found.append(Finding(item, "redundant", "the spec comes out the same without it", "remove the overlay"))
    return found


def _brittle(items: Sequence[Numbered], lines: list[str]) -> list[Finding]:
    found = []
    for event, change in UPSTREAM_CHANGES:
        changed = change(lines)
        if changed != lines:
            found += [
                Finding(item, "brittle", f"it fails when {event}", "match less of the line, or use a tag overlay")
                for item in _edited(items, changed)[1]
            ]
    return found


def _misplaced(items: Sequence[Numbered], lines: list[str]) -> list[Finding]:
    found = []
    for item in items:
        overlay = item.overlay
        changed = _applied(item, lines)
        if changed is None:
            continue
        if isinstance(overlay, AddTag | AppendLines) and _falls_into_next(overlay, lines):
            what = "it lands in a conditional that belongs to the next section"
            found.append(Finding(item, "misplaced", what, "use spec-insert-tag, or spec-prepend-lines"))
        if isinstance(overlay, SearchReplace) and not overlay.expect:
            count = sum(map(str.__ne__, lines, changed))
            if count >= WIDE and len(changed) == len(lines):
                what = f"it changes {count} lines, and would as well change more or fewer"
                found.append(Finding(item, "wide", what, f"add `expect = {count}` (in a boatyard.toml)"))
        lines = changed
    return found


def _falls_into_next(overlay: AddTag | AppendLines, lines: Sequence[str]) -> bool:
    if isinstance(overlay, AddTag):
        name = "%package" if overlay.package else ""
    elif not overlay.section or overlay.inside or overlay.outside:
        return False
    else:
        name = overlay.section
    return any(
        depth(lines[: section.end]) > depth(lines[: section.start])
        for section in find_sections(lines, name, overlay.package)
    )


def _edited(items: Sequence[Numbered], lines: list[str]) -> tuple[list[str], list[Numbered]]:
    """The spec after the overlays that apply, and those that do not."""
    failed = []
    for item in items:
        changed = _applied(item, lines)
        if changed is None:
            failed.append(item)
        else:
            lines = changed
    return lines, failed


def _applied(item: Numbered, lines: list[str]) -> list[str] | None:
    """The lines after an overlay, None when it does not apply."""
    try:
        return apply_to_spec(item, lines)
    except BuildError:
        return None


def _realigned(lines: list[str]) -> list[str]:
    """Every tag with another number of blanks behind its colon."""
    changed = list(lines)
    for tag in tags(lines):
        narrow = f"{tag.name}: {tag.value}"
        is_narrow = lines[tag.line].strip() == narrow
        changed[tag.line] = f"{tag.name}:".ljust(16) + f" {tag.value}" if is_narrow else narrow
    return changed


def _raised(name: str) -> Callable[[list[str]], list[str]]:
    """A change that makes the last number of a main package's tag higher."""

    def change(lines: list[str]) -> list[str]:
        changed = list(lines)
        for tag in tags(lines, ""):
            if tag.is_named(name):
                head = lines[tag.line].rstrip().removesuffix(tag.value)
                changed[tag.line] = head + _higher(tag.value)
        return changed

    return change


def _renumbered(lines: list[str]) -> list[str]:
    """Sources and patches with higher numbers, as when upstream puts one before them."""
    changed = list(lines)
    for tag in tags(lines):
        if _NUMBERED.fullmatch(tag.name):
            changed[tag.line] = lines[tag.line].replace(tag.name, _higher(tag.name), 1)
    return changed


def _without_trailing_blanks(lines: list[str]) -> list[str]:
    return [line.rstrip() for line in lines]


def _higher(text: str) -> str:
    return _LAST_NUMBER.sub(lambda match: str(int(match[0]) + STEP), text)


UPSTREAM_CHANGES: tuple[tuple[str, Callable[[list[str]], list[str]]], ...] = (
    ("tags are aligned otherwise", _realigned),
    ("the version goes up", _raised("Version")),
    ("the release goes up", _raised("Release")),
    ("sources and patches are renumbered", _renumbered),
    ("trailing blanks go away", _without_trailing_blanks),
)
