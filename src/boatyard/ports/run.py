"""The one door to other programs: argument lists, a clean environment, output to a log, nothing left running.

A program starts in its own process group, with the parent-death signal set, so it ends when Boatyard ends, however
that happens. Programs that start others belong in a sandbox (`build.sandbox`), whose PID namespace ends with it.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import textwrap
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from boatyard.base.error import ToolError
from boatyard.base.tool import TOOLS
from boatyard.ports.files import is_full

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
TAIL_LINES = 20
SHOWN = 600
SANDBOX_FAILED = 1
SANDBOX_WORDS = 6  # bwrap is one of the first words; `ports.contain` may start it
# The words of the C library, of SQLite, and of rpm, which looks before it installs.
FULL = re.compile(
    rb"No space left on device|database or disk is full|installing package \S+ needs \S+ more (space|inodes) on the / "
)
Process = subprocess.Popen[bytes]  # what `HostRunner.start` gives
ENVIRONMENT = {
    "PATH": SEARCH_PATH,
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "HOME": "/nonexistent",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to run. `env` is added to an environment that is otherwise empty but for PATH, locale and time zone.

    `log`: a file to which the command line and its output are appended; without it the output is captured only.
    `ok`: the exit codes that mean success.
    """

    argv: tuple[str, ...]
    cwd: Path | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    input: bytes | None = None
    log: Path | None = None
    ok: tuple[int, ...] = (0,)
    timeout_s: float | None = None

    def __str__(self) -> str:
        return shlex.join(self.argv)

    @property
    def inner(self) -> tuple[str, ...]:
        """The command people know: without the sandbox around it."""
        if "bwrap" in self.argv[:SANDBOX_WORDS] and "--" in self.argv:
            return self.argv[self.argv.index("--") + 1 :]
        return self.argv

    @property
    def program(self) -> str:
        """The name of the program that does the work."""
        return self.inner[0]

    @property
    def shown(self) -> str:
        """The command for a message, cut when it is very long."""
        return textwrap.shorten(shlex.join(self.inner), SHOWN, placeholder=" …")

    @property
    def writable(self) -> tuple[Path, ...]:
        """The folders of this machine that a sandboxed command writes to."""
        if self.inner == self.argv:
            return ()
        words = self.argv[: self.argv.index("--")]
        return tuple(Path(words[place + 1]) for place, word in enumerate(words) if word == "--bind")

    def logged(self, log: Path) -> Command:
        return replace(self, log=log)


@dataclass(frozen=True, slots=True)
class Result:
    """How a command ended. With a log the standard error is part of `stdout` (one stream, in order)."""

    code: int
    stdout: bytes
    stderr: bytes = b""

    @property
    def text(self) -> str:
        return self.stdout.decode("utf-8", "replace")


class Runner(Protocol):
    """Runs a command to its end; ToolError when the program is missing, fails, or takes too long."""

    def __call__(self, command: Command) -> Result: ...


class HostRunner:
    """Runs commands on this machine."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._live: dict[int, subprocess.Popen[bytes]] = {}
        self._closed = False

    def __call__(self, command: Command) -> Result:
        merged = command.log is not None
        with self.start(command, stdout=subprocess.PIPE) as process:
            try:
                out, err = process.communicate(command.input, timeout=command.timeout_s)
            except subprocess.TimeoutExpired:
                raise ToolError(
                    f"{command.program} did not end within {command.timeout_s:.0f} s",
                    hint=f"the command was: {command.shown}",
                ) from None
        result = Result(process.returncode, out, err or b"")
        if command.log is not None:
            _append_log(command.log, command, result)
        if result.code == SANDBOX_FAILED and _is_missing(command, result):
            raise _missing(command.program)
        if result.code not in command.ok:
            raise _failure(command, result, merged)
        return result

    @contextlib.contextmanager
    def start(
        self, command: Command, *, stdout: int | None = subprocess.PIPE, stdin: int | None = None
    ) -> Iterator[Process]:
        """A running process (for programs that are talked to); it and its group are ended on leaving the block."""
        program = find_program(command.argv[0])
        if stdin is None:
            stdin = subprocess.DEVNULL if command.input is None else subprocess.PIPE
        if self._closed:
            raise KeyboardInterrupt
        process = subprocess.Popen(
            [find_program("setpriv"), "--pdeathsig", "KILL", "--", program, *command.argv[1:]],
            cwd=command.cwd,
            env=ENVIRONMENT | dict(command.env),
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.STDOUT if command.log is not None else subprocess.PIPE,
            process_group=0,
        )
        with self._lock:
            self._live[process.pid] = process
        if self._closed:  # it was closed while the process started
            _kill_group(process)
        try:
            yield process
        finally:
            _end(process)
            with self._lock:
                self._live.pop(process.pid, None)

    def attached(self, command: Command) -> int:
        """Runs a program that takes over the terminal (standard input, output and error) to its end; its exit code."""
        argv = [find_program("setpriv"), "--pdeathsig", "KILL", "--", find_program(command.argv[0]), *command.argv[1:]]
        # In the terminal's own process group, or it could not read from it.
        with subprocess.Popen(argv, cwd=command.cwd, env=ENVIRONMENT | dict(command.env)) as process:
            with self._lock:
                self._live[process.pid] = process
            try:
                return process.wait()
            finally:
                process.kill()
                with self._lock:
                    self._live.pop(process.pid, None)

    def close(self) -> None:
        """Ends everything that still runs and refuses to start more; for interrupts."""
        self._closed = True
        with self._lock:
            live = list(self._live.values())
        for process in live:
            _kill_group(process)


def find_program(name: str) -> str:
    """The full path of a program; ToolError naming the package that brings it."""
    found = shutil.which(name, path=SEARCH_PATH)
    if found is None:
        raise _missing(name)
    return found


def _is_missing(command: Command, result: Result) -> bool:
    """Whether the sandbox did not find the program, in bwrap's words; that may also be one of an image."""
    told = f"bwrap: execvp {command.program}: ".encode() in result.stderr + result.stdout
    return told and shutil.which(command.program, path=SEARCH_PATH) is None


def _missing(name: str) -> ToolError:
    hint = TOOLS[name].install_hint if name in TOOLS else ""
    return ToolError(
        f"{name} is not installed", hint=f"{hint}; `boatyard doctor` lists all that is missing".lstrip("; ")
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        _kill_group(process)
        process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with contextlib.suppress(OSError, ValueError):
                stream.close()


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _append_log(log: Path, command: Command, result: Result) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as stream:
        stream.write(b"$ " + str(command).encode() + b"\n" + result.stdout + b"[exit %d]\n" % result.code)


def _failure(command: Command, result: Result, merged: bool) -> ToolError:
    output = result.stdout if merged else result.stderr or result.stdout
    tail = "\n".join(output.decode("utf-8", "replace").splitlines()[-TAIL_LINES:])
    places = [place for place in command.writable if place.exists()]
    if FULL.search(output) or any(is_full(place) for place in places):
        place = next((place for place in places if is_full(place)), places[0] if len(places) == 1 else None)
        return ToolError(
            f"{command.program}: no space left on the disk{f' that holds {place}' if place else ''}",
            detail=tail,
            hint="free some space and run the same command again: it goes on where it stopped",
        )
    end = f"was ended by signal {-result.code}" if result.code < 0 else f"failed with exit code {result.code}"
    hint = f"whole output: {command.log}" if command.log else f"the command was: {command.shown}"
    return ToolError(f"{command.program} {end}", detail=tail, hint=hint)
