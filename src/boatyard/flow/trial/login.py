"""The way into the machine of a trial: one login for everything, and another one after it restarted."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Self

from boatyard.vm.ssh import logged_in

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from boatyard.flow.cloud import CloudMachine
    from boatyard.vm.ssh import Ssh


class Login:
    """A context manager; `shell` logs in when there is no connection yet."""

    def __init__(self, machine: CloudMachine, key: Path, user: str) -> None:
        self.machine, self.key, self.user = machine, key, user
        self._stack = contextlib.ExitStack()
        self._shell: Ssh | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def shell(self) -> Ssh:
        """ImageError when nobody can log in."""
        if self._shell is None:
            self._shell = self._stack.enter_context(logged_in(self.machine.vm, self.key, self.user))
        return self._shell

    def close(self) -> None:
        """Ends the connection, which may be lost already."""
        self._shell = None
        self._stack.close()
