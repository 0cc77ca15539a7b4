"""What happened during a run, as values: each sink (terminal, CI, JSON lines) writes them in its own way."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`kind` is start, end, progress, note or warning; `path` the names of the enclosing steps, outermost first."""

    kind: str
    path: tuple[str, ...]
    text: str = ""
    done: int = 0
    total: int = 0
    seconds: float = 0.0
    ok: bool = True

    @property
    def depth(self) -> int:
        return len(self.path) - 1
