"""A page of the documentation as values: its blocks, its commands with the output it shows, its links."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parents[2]
PAGES = [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
FENCE = re.compile(r"^\s*```(\w*)\s*$")
# The first comment of a block that is a file says which: `# parts/seed.toml: where packages come from`.
FILE_NAME = re.compile(r"^# ([\w.-]+(?:/[\w.-]+)*)(?::|$)")
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
ENDS_COMMAND = {"|", ">", ">>", "<", "&&", "||", ";", "2>&1"}


@dataclass(frozen=True)
class Block:
    """A fenced block. `line` is that of its first line of text, from 1."""

    line: int
    language: str
    text: str

    @property
    def file(self) -> str:
        """The path the block is the content of; empty when it is no file."""
        for line in self.text.splitlines()[:2] if self.language != "console" else ():
            found = FILE_NAME.match(line)
            if found:
                return found[1]
        return ""


@dataclass(frozen=True)
class Step:
    """A command that a page tells the reader to type, and the lines it shows as its output."""

    line: int
    command: str
    output: tuple[str, ...]

    @property
    def words(self) -> list[str]:
        """The words of the first program, without pipes and redirections."""
        words = shlex.split(self.command, comments=True)
        ends = [at for at, word in enumerate(words) if word in ENDS_COMMAND or word.startswith((">", "<", "2>"))]
        return words[: ends[0]] if ends else words

    @property
    def fails(self) -> bool:
        """Whether the page shows that the command ends with an error."""
        return any(line.startswith("error:") or re.match("verdict +FAILED", line) for line in self.output)


def name_of(page: Path) -> str:
    """The path of a page for the name of a test."""
    return str(page.relative_to(ROOT))


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page."""
    found, start, language = [], 0, ""
    lines = page.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        fence = FENCE.match(line)
        if fence and not start:
            start, language = number + 1, fence[1]
        elif fence:
            found.append(Block(start, language, "\n".join(lines[start - 1 : number - 1]) + "\n"))
            start = 0
    assert not start, f"{page}:{start - 1}: the block does not end"
    return found


def steps(block: Block) -> Iterator[Step]:
    """The commands of a console block, each a line that begins with `$ `."""
    command, at, output = "", 0, list[str]()
    for number, line in enumerate(block.text.splitlines(), block.line):
        if line.startswith("$ "):
            if command:
                yield Step(at, command, tuple(output))
            command, at, output = line[2:], number, []
        else:
            output.append(line)
    if command:
        yield Step(at, command, tuple(output))


def prose(page: Path) -> Iterator[tuple[int, str]]:
    """The lines of a page outside of its blocks, with their numbers."""
    inside = False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if FENCE.match(line):
            inside = not inside
        elif not inside:
            yield number, line


def links(page: Path) -> Iterator[tuple[int, str]]:
    """The targets of a page's links."""
    for number, line in prose(page):
        for target in LINK.findall(line):
            yield number, target


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as forges make them."""
    headings = [line.lstrip("#").strip() for _, line in prose(page) if re.match(r"#+ ", line)]
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def fits(shown: Sequence[str], printed: Sequence[str]) -> bool:
    """Whether output is as a page shows it; there `…` stands for any text, and on a line of its own for any lines."""
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "…" else ".*".join(map(re.escape, line.rstrip().split("…"))) + r"\n"
        for line in shown
    )
    return re.fullmatch(pattern, "".join(line.rstrip() + "\n" for line in printed)) is not None
