"""The one door to other programs: argument lists, a clean environment, output in the log, secrets by standard input."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING, Protocol

from boatyard_installer.error import StepError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
LAST_LINES = 12


class Run(Protocol):
    """Starts a program, waits for it and gives its standard output."""

    def __call__(
        self,
        *argv: str,
        secret: bytes = b"",
        ok: tuple[int, ...] = (0,),
        env: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
        keep: tuple[int, ...] = (),
    ) -> str: ...


class HostRun:
    """`log` takes lines: each command, then what it prints. `secret` goes to standard input and never into the log."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log

    def __call__(
        self,
        *argv: str,
        secret: bytes = b"",
        ok: tuple[int, ...] = (0,),
        env: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
        keep: tuple[int, ...] = (),
    ) -> str:
        """Standard output as text; StepError with the last lines when the exit code is not in `ok`.

        `keep`: file descriptors that the program inherits.
        """
        self._log("$ " + " ".join(argv))
        try:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={"PATH": PATH, "LC_ALL": "C.UTF-8", "LVM_SUPPRESS_FD_WARNINGS": "1", **(env or {})},
                start_new_session=True,
                pass_fds=keep,
            )
        except OSError as error:
            raise StepError(f"{argv[0]} cannot be started: {error.strerror}") from error
        try:
            out, err = process.communicate(secret, timeout_s)
        except subprocess.TimeoutExpired:
            raise StepError(f"{argv[0]} took more than {timeout_s:.0f} s") from None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
        text = out.decode(errors="replace")
        lines = [line for line in (text + err.decode(errors="replace")).splitlines() if line.strip()]
        for line in lines:
            self._log(f"  {line}")
        if process.returncode not in ok:
            raise StepError(f"{argv[0]} failed (exit code {process.returncode})", detail="\n".join(lines[-LAST_LINES:]))
        return text
