"""Runs the commands of a page in a scratch folder, as a reader would."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.docs.page import blocks, fits, name_of, steps

from boatyard.ports.run import SEARCH_PATH, Command

if TYPE_CHECKING:
    from tests.docs.page import Step

    from boatyard.ports.run import Runner

# What takes less than a second and asks no mirror.
QUICK = {
    ("doctor",), ("project", "new"), ("project", "init"), ("config", "check"), ("config", "dump"),
    ("config", "generate-schema"), ("component", "list"), ("component", "query"), ("component", "add"),
    ("component", "diff-sources"), ("component-group", "list"), ("package", "list"), ("image", "list"),
    ("overlay", "list"), ("overlay", "check"), ("graph",),
}  # fmt: skip
SHELL = {"cd", "mkdir", "sed"}
TIMEOUT_S = 1200


@dataclass
class Reader:
    """Follows pages: writes the files they show and types their commands. `folder` is where it stands."""

    folder: Path
    home: Path
    run: Runner

    def follow(self, page: Path, *, everything: bool = False, until: str = "") -> None:
        """All of a page, or only what is quick; AssertionError where it is not as the page says. It ends before the
        first command that begins with `until`."""
        for block in blocks(page):
            if block.file:
                path = self.folder / block.file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block.text, encoding="utf-8")
            elif block.language == "console":
                for step in steps(block):
                    if until and step.command.startswith(until):
                        return
                    if everything or is_quick(step):
                        self.type(step, f"{name_of(page)}:{step.line}")

    def type(self, step: Step, where: str) -> None:
        """One command, its exit code and its output compared with what the page shows."""
        if step.words[0] == "cd":
            self.folder /= step.words[1]
            return
        env = {
            "PATH": f"{Path(sys.executable).parent}:{SEARCH_PATH}",
            "HOME": str(self.home),
            "BOATYARD_CACHE": str(self.home / "cache"),
        }
        argv = ("bash", "-o", "pipefail", "-c", f"exec 2>&1 </dev/null; {step.command}")
        result = self.run(Command(argv=argv, cwd=self.folder, env=env, ok=tuple(range(256)), timeout_s=TIMEOUT_S))
        assert (result.code != 0) == step.fails, f"{where}: {step.command}: exit code {result.code}\n{result.text}"
        if step.output:
            assert fits(step.output, result.text.splitlines()), f"{where}: {step.command} prints\n{result.text}"


def is_quick(step: Step) -> bool:
    """Whether a command can be run by every run of the tests."""
    program, *words = step.words
    return program in SHELL | {"cd"} or (
        program == "boatyard" and (tuple(words[:1]) in QUICK or tuple(words[:2]) in QUICK)
    )
