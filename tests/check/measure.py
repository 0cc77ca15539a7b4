"""The corpus, and how the checker does on it: `python -m tests.check.measure` prints the figures and every miss."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.check.check import check
from boatyard.check.facts_file import read_facts
from boatyard.check.step import Source

if TYPE_CHECKING:
    from boatyard.check.facts import Facts
    from boatyard.check.finding import FileReport, Finding

CORPUS = Path(__file__).parent / "corpus"


@dataclass(frozen=True, order=True)
class Fault:
    """One fault: its line, its rule, and what it is about."""

    line: int
    rule: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Fault:
        line, rule, *name = text.split(" ", 2)
        return cls(int(line), rule, "".join(name))


@dataclass(frozen=True)
class Snippet:
    """A file of the corpus with its faults."""

    name: str
    type: str
    text: str
    faults: frozenset[Fault]

    def report(self, facts: Facts) -> FileReport:
        return check([Source(self.name, self.text, self.type)], facts).files[0]


def corpus_facts() -> Facts:
    return read_facts(CORPUS / "facts.json")


def snippets() -> list[Snippet]:
    """All files of the corpus."""
    expected = tomllib.loads((CORPUS / "expected.toml").read_text(encoding="utf-8"))
    return [
        Snippet(f"{folder}/{name}", folder, (CORPUS / folder / name).read_text(), frozenset(map(Fault.parse, faults)))
        for folder, files in expected.items()
        for name, faults in files.items()
    ]


def found(finding: Finding) -> set[Fault]:
    """A finding as faults, with the lines it was found on again."""
    lines = (finding.place.line, *finding.also)
    return {
        Fault(line, finding.rule, finding.name if finding.rule != "SP010" or finding.name else "") for line in lines
    }


def is_same(fault: Fault, other: Fault) -> bool:
    """Whether a finding is the fault that is labelled; a label without a name leaves it open."""
    return (fault.line, fault.rule) == (other.line, other.rule) and fault.name in ("", other.name)


@dataclass
class Score:
    """`missed`: labelled and not told of. `false_errors`, `false_warnings`: told of and not labelled."""

    faults: int
    missed: list[tuple[str, Fault]]
    false_errors: list[tuple[str, Finding]]
    false_warnings: list[tuple[str, Finding]]
    true_errors: int


def score(facts: Facts) -> Score:
    """How the checker does on the whole corpus."""
    result = Score(0, [], [], [], 0)
    for snippet in snippets():
        told = [one for one in snippet.report(facts).findings if one.severity != "note" and one.counts]
        result.faults += len(snippet.faults)
        for fault in sorted(snippet.faults):
            if not any(is_same(fault, other) for one in told for other in found(one)):
                result.missed.append((snippet.name, fault))
        for one in told:
            right = any(is_same(fault, other) for fault in snippet.faults for other in found(one))
            if right and one.severity == "error":
                result.true_errors += 1
            elif not right:
                (result.false_errors if one.severity == "error" else result.false_warnings).append((snippet.name, one))
    return result


def main() -> None:
    everything = snippets()
    clean = sum(not one.faults for one in everything)
    result = score(corpus_facts())
    for name, fault in result.missed:
        print(f"missed        {name}:{fault.line} {fault.rule} {fault.name}")
    for label, rows in (("false error  ", result.false_errors), ("false warning", result.false_warnings)):
        for name, one in rows:
            print(f"{label} {name}:{one.place.line} {one.rule} {one.name}: {one.message}")
    recall = 1 - len(result.missed) / result.faults
    errors = result.true_errors + len(result.false_errors)
    print(f"{len(everything)} files, {clean} of them without faults; {result.faults} faults")
    print(f"found {recall:.1%} of the faults; {len(result.false_errors)} of {errors} errors are false, "
          f"and {len(result.false_warnings)} warnings")  # fmt: skip


if __name__ == "__main__":
    main()
