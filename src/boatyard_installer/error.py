"""What the installer refuses or fails at, for people and for pipelines: a reason, a cure, an exit code.

Exit codes: 2 the answers, 3 they could not be fetched or are not what their digest says, 4 the machine or its disks,
6 the medium is damaged or not signed, 7 a step of the installation failed.
"""

from __future__ import annotations

from typing import ClassVar


class InstallError(Exception):
    """Base of all errors that are not bugs. `what` is one line; `hint` the cure; `detail` evidence without secrets."""

    exit_code: ClassVar[int] = 7

    def __init__(self, what: str, *, hint: str = "", detail: str = "") -> None:
        super().__init__(what)
        self.what, self.hint, self.detail = what, hint, detail

    def __str__(self) -> str:
        lines = [self.what, *(f"  | {line}" for line in self.detail.splitlines())]
        return "\n".join([*lines, f"  hint: {self.hint}"] if self.hint else lines)


class FetchError(InstallError):
    """The answers could not be had, or their digest is wrong."""

    exit_code = 3


class MachineError(InstallError):
    """The machine does not fit: no disk, two that match, too small, in use, wrong firmware. Nothing was written."""

    exit_code = 4


class MediumError(InstallError):
    """The medium is damaged, or not signed by the key it brings."""

    exit_code = 6


class StepError(InstallError):
    """A step of the installation failed; the disk does not boot."""
