"""The check itself: files and facts in, a report out. Pure: nothing is read, nothing is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.check import suppress
from boatyard.check.finding import FileReport, Finding, Report
from boatyard.check.judge import judge
from boatyard.check.kind import has_parts, parts
from boatyard.check.step import Place, Source, Sources
from boatyard.check.world import World

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boatyard.check.facts import Facts
    from boatyard.check.step import Steps

REPLACED = "\ufffd"  # what stands for bytes that are no UTF-8 in the text of a source


def check(sources: Sequence[Source], facts: Facts, bases: Sequence[str] = ()) -> Report:
    """What is to be told about files for the image that facts are of.

    Each file is followed by itself, from a freshly made image; files that others source or call are followed there too.
    `bases`: globs of the names by which Dockerfiles know the image (default: its name and that of its system).
    """
    known = Sources({source.file: source for source in sources})
    names = [name for name in (facts.image, facts.told.os_release.get("ID", "")) if name]
    globs = tuple(bases) or tuple(names)
    reports = []
    for source in sources:
        reports.append(_checked(source, known, facts, globs))
    return Report(facts.image, tuple(reports))


def check_in_turn(sources: Sequence[Source], beside: Sequence[Source], facts: Facts) -> Report:
    """What is to be told about files that run one after the other on the same machine: each finds what those before it
    have installed and made. `beside`: files that they may source or call, which are followed there only."""
    known = Sources({source.file: source for source in (*beside, *sources)})
    world = World(facts)
    return Report(facts.image, tuple(_checked(source, known, facts, (), world) for source in sources))


def _checked(
    source: Source, known: Sources, facts: Facts, bases: Sequence[str], world: World | None = None
) -> FileReport:
    if has_parts(source.text):
        shared = world or World(facts)
        in_turn = sorted(parts(source.file, source.text), key=_turn)
        found = [judge(part, steps_of(part, known, bases), facts, shared) for part in in_turn]
        needs = tuple(need for report in found for need in report.needs)
        in_line = sorted((one for report in found for one in report.findings), key=lambda one: one.place.line)
        report = FileReport(source.file, "mime", needs, tuple(in_line))
    else:
        report = judge(source, steps_of(source, known, bases), facts, world)
    findings = (*_undecodable(source, report.type), *report.findings)
    return FileReport(report.file, report.type, report.needs, suppress.apply(source.file, source.text, findings))


def _undecodable(source: Source, kind: str) -> tuple[Finding, ...]:
    """What cloud-init gets must be UTF-8: a message with other bytes ends it before it makes the user."""
    before, found, _ = source.text.partition(REPLACED)
    if not found or kind not in ("mime", "cloud-config"):
        return ()
    place = Place(source.file, before.count("\n") + 1, len(before) - before.rfind("\n"))
    told = "bytes that are no UTF-8: cloud-init does not read the whole of it"
    return (Finding(rule="SP010", severity="warning", confidence="high", message=told, place=place),)


def _turn(part: Source) -> int:
    """When cloud-init comes to a part: hooks, then all configuration, then scripts."""
    return 0 if part.text.lstrip().startswith("#cloud-boothook") else 1 if part.type == "cloud-config" else 2


def steps_of(source: Source, known: Sources, bases: Sequence[str]) -> Steps:
    """The steps of a file, by its type."""
    from boatyard.check import ansible, cloud_config, dockerfile, python_source
    from boatyard.check.shell import walk

    if source.type == "cloud-config":
        return cloud_config.steps_of(source, known)
    if source.type == "dockerfile":
        return dockerfile.steps_of(source, known, bases)
    if source.type == "ansible":
        return ansible.steps_of(source, known)
    if source.type == "python":
        return python_source.steps_of(source, known)
    return walk.steps_of(source, known)
