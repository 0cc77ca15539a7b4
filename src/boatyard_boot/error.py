"""The one error of this package, for people: what is wrong and how to mend it."""

from __future__ import annotations


class BootError(Exception):
    """A disk cannot be laid out or made to boot. `hint` is the cure, or empty."""

    def __init__(self, what: str, *, hint: str = "") -> None:
        super().__init__(what)
        self.what, self.hint = what, hint
