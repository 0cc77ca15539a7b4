"""Runs a program in a contained sandbox within limits, and ends everything in it when one is passed.

Memory and processes are limited by the kernel's control groups where they can be used; else memory is watched (the sum
of what all processes of the sandbox hold), and processes are limited for its user (RLIMIT_NPROC). Disk, files, log,
time and silence are watched everywhere; one file alone cannot pass the limit on the disk (RLIMIT_FSIZE) in between.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.base.error import BuildError, OutOfMemoryError, ToolError
from boatyard.ports import clock
from boatyard.ports.control_group import ControlGroup, control_group
from boatyard.ports.sandbox import Sandbox, inside

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from boatyard.ports.run import Command, HostRunner, Process

MIB = 1 << 20
LOG = 256 * MIB
FILES = 4_000_000
OPEN_FILES = 65_536
TICK_S = 0.25
DRAIN_S = 5.0
END_S = 20.0
READ = 1 << 16
TAIL = 400  # lines
# The watched folder is walked at most this share of the time.
WALK_SHARE = 20
FREE = 64 * MIB  # left on the disk for everybody else


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a program and all it starts may use together. `log`, `disk` and `memory` in bytes, times in seconds.

    `files`: in the writable folders; `silent_s`: how long it may print nothing.
    """

    memory: int
    processes: int
    disk: int
    seconds: float
    silent_s: float
    files: int = FILES
    log: int = LOG


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended: exit code, the last lines of output, the most memory used at once (0: not known), in bytes.

    `kernel`: the limits that the kernel held; the others were watched.
    """

    code: int
    tail: str
    peak: int
    kernel: tuple[str, ...]


def run_limited(
    run: HostRunner,
    sandbox: Sandbox,
    command: Command,
    bounds: Bounds,
    *,
    what: str = "the build",
    groups: Callable[[int, int], contextlib.AbstractContextManager[ControlGroup]] = control_group,
) -> Ended:
    """Runs a command to its end; any exit code is an answer. Output goes to `command.log` as it comes.

    OutOfMemoryError when memory did not suffice; BuildError naming the limit for all the others; `what` was run, for
    the message.
    """
    log = command.log
    if log is None:
        raise ValueError("a limited command needs a log")
    log.parent.mkdir(parents=True, exist_ok=True)
    with groups(bounds.memory, bounds.processes) as group, log.open("ab", buffering=0) as stream:
        contained = replace(sandbox, contained=True, cgroups=group.procs, rlimits=_rlimits(bounds, group))
        started = inside(contained, command)
        stream.write(f"$ {command.shown}\n".encode())
        with run.start(replace(started, log=log), stdin=subprocess.DEVNULL) as process:
            watch = _Watch(bounds, group, process, [host for host, _ in sandbox.writable], what)
            try:
                tail = watch.follow(stream.write)
            except BuildError as error:
                stream.write(f"[ended: {error.problems[0].what}]\n".encode())
                raise
            finally:
                group.kill()
                _end(process)
        code = process.returncode
        stream.write(f"[exit {code}]\n".encode())
        if group.out_of_memory():
            raise watch.too_much_memory()
        if code != 0:
            watch.check_room()
        if code != 0 and group.refused_processes():
            tail += f"\nboatyard: a process was refused: the limit is {bounds.processes} processes"
        return Ended(code, tail, group.peak_bytes(), group.held)


def _rlimits(bounds: Bounds, group: ControlGroup) -> tuple[tuple[str, int], ...]:
    limits = (("CORE", 0), ("NOFILE", OPEN_FILES), ("FSIZE", bounds.disk), ("MEMLOCK", 64 * MIB), ("MSGQUEUE", 819_200))
    return limits if "pids" in group.held else (*limits, ("NPROC", bounds.processes))


def _end(process: Process) -> None:
    """Ends a sandbox and returns when nothing of it is left: its first process goes last, and `ports.contain` waits."""
    for pid in _children().get(process.pid, ()):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):  # the whole group is ended then
        process.wait(END_S)


class _Watch:
    """Follows the output of a process and looks after its limits."""

    def __init__(
        self, bounds: Bounds, group: ControlGroup, process: Process, folders: Sequence[Path], what: str
    ) -> None:
        self.bounds, self.group, self.process, self.folders, self.what = bounds, group, process, folders, what
        self.begun = self.spoken = clock.monotonic()
        self.logged = 0
        self.next_check = self.begun
        self.next_walk = self.begun + 1
        self.tail: deque[bytes] = deque(maxlen=TAIL)
        self.last = b""

    def follow(self, write: Callable[[bytes], int | None]) -> str:
        """Copies output until the program and all that writes for it have ended; the last lines."""
        stdout = self.process.stdout
        if stdout is None:
            raise ValueError("the output of a limited command is read")
        os.set_blocking(stdout.fileno(), False)
        ended: float | None = None
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            while True:
                ready = selector.select(TICK_S)
                if ready:
                    chunk = os.read(stdout.fileno(), READ)
                    if not chunk:
                        break
                    self._take(chunk, write)
                self._check()
                if self.process.poll() is not None:  # what it left behind may hold the pipe until it is killed
                    ended = ended or clock.monotonic()
                    self.group.kill()
                    if not ready and clock.monotonic() - ended > DRAIN_S:
                        break
        while self.process.poll() is None:  # it closed its output and goes on
            self._check()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(TICK_S)
        return b"".join([*self.tail, self.last]).decode("utf-8", "replace")

    def _take(self, chunk: bytes, write: Callable[[bytes], int | None]) -> None:
        self.spoken = clock.monotonic()
        room = self.bounds.log - self.logged
        write(chunk[:room])
        self.logged += len(chunk)
        if len(chunk) > room:
            raise self._passed(f"printed more than {_size(self.bounds.log)}", "print less; the log is cut there")
        *lines, self.last = (self.last + chunk).splitlines(keepends=True)[-TAIL:]
        if self.last.endswith(b"\n"):
            lines, self.last = [*lines, self.last], b""
        self.tail.extend(lines)
        self.last = self.last[-READ:]

    def _check(self) -> None:
        now = clock.monotonic()
        if now < self.next_check:
            return
        self.next_check = now + TICK_S
        if now - self.begun > self.bounds.seconds:
            raise self._passed(f"took longer than {self.bounds.seconds:.0f} s", "give it more time, or find what hangs")
        if now - self.spoken > self.bounds.silent_s:
            raise self._passed(f"printed nothing for {self.bounds.silent_s:.0f} s", "it probably hangs; see the log")
        if self.group.out_of_memory():
            raise self.too_much_memory()
        if "memory" not in self.group.held and _memory_below(self.process.pid) > self.bounds.memory:
            raise self.too_much_memory()
        if now >= self.next_walk:
            self._check_disk()
            took = clock.monotonic() - now
            self.next_walk = clock.monotonic() + max(1.0, took * WALK_SHARE)

    def _check_disk(self) -> None:
        size = files = 0
        for folder in self.folders:
            used, count = usage(folder, self.bounds.files - files)
            size, files = size + used, files + count
        self.check_room()
        if files > self.bounds.files:
            raise self._passed(f"made more than {self.bounds.files} files", "raise the limit if it needs them")
        if size > self.bounds.disk:
            raise self._passed(f"used more than {_size(self.bounds.disk)} of disk", "raise the limit if it needs it")

    def check_room(self) -> None:
        """ToolError when a disk has next to no space left: that is not the program's fault."""
        for folder in self.folders:
            disk = os.statvfs(folder)
            if disk.f_bavail * disk.f_frsize < FREE:
                raise ToolError(
                    f"no space left on the disk that holds {folder}",
                    hint="free some space and run the same command again: it goes on where it stopped",
                )

    def too_much_memory(self) -> OutOfMemoryError:
        return OutOfMemoryError(
            f"{self.what} used more than {_size(self.bounds.memory)} of memory",
            hint="give it more memory, or fewer jobs at once",
        )

    def _passed(self, did: str, hint: str) -> BuildError:
        return BuildError(f"{self.what} {did}", hint=hint)


def usage(folder: Path, most: int) -> tuple[int, int]:
    """Bytes and files below a folder, as allocated on the disk; counting ends soon after `most` files."""
    size = files = 0
    pending = [str(folder)]
    while pending and files <= most:
        with contextlib.suppress(OSError), os.scandir(pending.pop()) as found:
            for entry in found:
                with contextlib.suppress(OSError):
                    facts = entry.stat(follow_symlinks=False)
                    size += facts.st_blocks * 512
                    files += 1
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                if files > most:
                    break
    return size, files


def _children() -> dict[int, list[int]]:
    """The children of every process."""
    children: dict[int, list[int]] = {}
    for pid in _processes():
        with contextlib.suppress(OSError, ValueError, IndexError):
            children.setdefault(int(_facts(pid)[1]), []).append(pid)
    return children


def _memory_below(pid: int) -> int:
    """Bytes that a process and all its descendants hold, without those of files; what forks share counts with each."""
    children, total, pending = _children(), 0, [pid]
    page = os.sysconf("SC_PAGE_SIZE")
    while pending:
        one = pending.pop()
        with contextlib.suppress(OSError, ValueError, IndexError):
            resident, shared = Path(f"/proc/{one}/statm").read_text().split()[1:3]
            total += (int(resident) - int(shared)) * page
        pending.extend(children.get(one, ()))
    return total


def _processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - names are wanted


def _facts(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third on (the second, a name, may hold anything)."""
    text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    return text.rpartition(")")[2].split()


def _size(count: int) -> str:
    return f"{count / (1 << 30):.1f} GiB" if count >= 1 << 30 else f"{count // MIB} MiB"
