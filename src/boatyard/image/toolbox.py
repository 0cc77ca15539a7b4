"""The host's programs as the image stages call them: one log, dates from the inputs, foreign code in a sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard.ports.run import Command, Result, Runner
from boatyard.ports.sandbox import Sandbox, inside

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# Where a program inside a root file system finds its folder for results.
RESULTS = "/tmp/results"  # noqa: S108 the sandbox's own /tmp


@dataclass(frozen=True, slots=True)
class Toolbox:
    """`epoch`: seconds since 1970 that every file system and archive takes as its time (SOURCE_DATE_EPOCH)."""

    run: Runner
    log: Path
    epoch: int

    def host(self, *argv: str, env: Mapping[str, str] | None = None, logged: bool = True) -> Result:
        """Runs a program of the host on files Boatyard made."""
        return self.run(Command(argv=argv, env=self._env(env), log=self.log if logged else None))

    def in_root(self, root: Path, *argv: str, results: Path | None = None) -> Result:
        """Runs a program of a root file system, which it sees read-only; it writes under RESULTS only."""
        writable = ((results, RESULTS),) if results is not None else ()
        return self.run(
            inside(Sandbox(root=root, writable=writable), Command(argv=argv, env=self._env(None), log=self.log))
        )

    def change_root(self, root: Path, *argv: str, ok: tuple[int, ...] = (0,)) -> Result:
        """Runs a program of a root file system that changes it, with root's rights and without network."""
        sandbox = Sandbox(root=root, root_writable=True, privileged=True)
        return self.run(inside(sandbox, Command(argv=argv, env=self._env(None), log=self.log, ok=ok)))

    def _env(self, env: Mapping[str, str] | None) -> dict[str, str]:
        return {"SOURCE_DATE_EPOCH": str(self.epoch), **(env or {})}
