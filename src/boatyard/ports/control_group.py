"""Control groups: the kernel's own limits on the memory and the processes of everything that runs in a sandbox.

Version 2 and version 1 of the interface (cgroups(7)); where neither can be used, the caller watches instead. A group is
named after the process that made it, so groups of processes that were killed are found and removed by the next one.
"""

from __future__ import annotations

import contextlib
import os
import signal
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.ports import clock

if TYPE_CHECKING:
    from collections.abc import Iterator

MOUNT = Path("/sys/fs/cgroup")
PREFIX = "boatyard-"
REMOVE_S = 5.0
CONTROLLERS = ("memory", "pids")


@dataclass(slots=True)
class ControlGroup:
    """A group as folders: one in version 2, one for each controller in version 1. `held`: what the kernel limits."""

    folders: dict[str, Path] = field(default_factory=dict)
    held: tuple[str, ...] = ()
    version: int = 0

    @property
    def procs(self) -> tuple[Path, ...]:
        """The files that a process writes itself into to enter."""
        return tuple(dict.fromkeys(folder / "cgroup.procs" for folder in self.folders.values()))

    def out_of_memory(self) -> bool:
        """Whether the kernel ended a process for want of memory."""
        name = "memory.events" if self.version == 2 else "memory.oom_control"
        text = _read(self.folders["memory"] / name) if "memory" in self.folders else ""
        return any(line.startswith("oom_kill ") and line.split()[1] != "0" for line in text.splitlines())

    def refused_processes(self) -> bool:
        """Whether a process could not be started for the limit on them."""
        text = _read(self.folders["pids"] / "pids.events") if "pids" in self.folders else ""
        return any(line.startswith("max ") and line.split()[1] != "0" for line in text.splitlines())

    def peak_bytes(self) -> int:
        """The most memory that was used at once, page cache included; 0 when the kernel does not tell."""
        name = "memory.peak" if self.version == 2 else "memory.max_usage_in_bytes"
        text = _read(self.folders["memory"] / name) if "memory" in self.folders else ""
        return int(text) if text.strip().isdigit() else 0

    def kill(self) -> None:
        """Ends all that is in the group."""
        for procs in self.procs:
            with contextlib.suppress(OSError):
                (procs.parent / "cgroup.kill").write_text("1") if self.version == 2 else _kill_each(procs)

    def remove(self) -> None:
        """Ends what is left and removes the group; one that does not go is left to the next sweep."""
        deadline = clock.monotonic() + REMOVE_S
        for folder in dict.fromkeys(self.folders.values()):
            while clock.monotonic() < deadline:
                try:
                    folder.rmdir()
                    break
                except FileNotFoundError:
                    break
                except OSError:
                    self.kill()
                    clock.sleep(0.02)


@contextlib.contextmanager
def control_group(memory: int, processes: int, mount: Path = MOUNT, own: str | None = None) -> Iterator[ControlGroup]:
    """A new group with limits on memory (bytes, swap included) and processes; it is emptied and removed at the end.

    `held` names those that the kernel accepted, none where control groups cannot be used. `mount` and `own` (the text
    of /proc/self/cgroup) are for tests.
    """
    group = _make(memory, processes, mount, Path("/proc/self/cgroup").read_text() if own is None else own)
    try:
        yield group
    finally:
        group.remove()


def _make(memory: int, processes: int, mount: Path, own: str) -> ControlGroup:
    name = f"{PREFIX}{os.getpid()}-{_start_time(os.getpid())}-{uuid.uuid4().hex[:8]}"
    group = ControlGroup()
    parent = _parent_v2(mount, own)
    if parent is not None:
        sweep(parent)
        folder = parent / name
        with contextlib.suppress(OSError):
            folder.mkdir()
            group.version = 2
            group.folders = dict.fromkeys(CONTROLLERS, folder)
            group.held = _set_v2(folder, memory, processes)
        return group
    group.version = 1
    for controller in CONTROLLERS:
        parent = _parent_v1(mount, own, controller)
        if parent is None:
            continue
        sweep(parent)
        folder = parent / name
        with contextlib.suppress(OSError):
            folder.mkdir()
            group.folders[controller] = folder
            _set_v1(folder, controller, memory, processes)
            group.held = (*group.held, controller)
    return group


def _set_v2(folder: Path, memory: int, processes: int) -> tuple[str, ...]:
    held = []
    with contextlib.suppress(OSError):
        (folder / "memory.max").write_text(str(memory))
        held.append("memory")
        for name, value in (("memory.swap.max", "0"), ("memory.oom.group", "1")):
            with contextlib.suppress(OSError):  # without swap in the kernel there is no such file
                (folder / name).write_text(value)
    with contextlib.suppress(OSError):
        (folder / "pids.max").write_text(str(processes))
        held.append("pids")
    return tuple(held)


def _set_v1(folder: Path, controller: str, memory: int, processes: int) -> None:
    if controller == "pids":
        (folder / "pids.max").write_text(str(processes))
        return
    (folder / "memory.limit_in_bytes").write_text(str(memory))
    with contextlib.suppress(OSError):  # only where the kernel accounts swap
        (folder / "memory.memsw.limit_in_bytes").write_text(str(memory))


def _parent_v2(mount: Path, own: str) -> Path | None:
    """The nearest group above our own that gives its children both controllers and lets us move into them."""
    if not (mount / "cgroup.controllers").is_file():
        return None
    path = next((line[3:] for line in own.splitlines() if line.startswith("0::")), "/")
    place = mount / path.lstrip("/")
    for parent in (place, *place.parents):
        if not parent.is_relative_to(mount):
            break
        given = _read(parent / "cgroup.subtree_control").split()
        if (
            set(CONTROLLERS) <= set(given)
            and os.access(parent, os.W_OK)
            and os.access(parent / "cgroup.procs", os.W_OK)
        ):
            return parent
    return None


def _parent_v1(mount: Path, own: str, controller: str) -> Path | None:
    for line in own.splitlines():
        _, names, path = [*line.split(":", 2), "", ""][:3]
        if controller in names.split(","):
            for parent in (mount / controller / path.lstrip("/"), mount / controller):
                if os.access(parent / "cgroup.procs", os.W_OK):
                    return parent
    return None


def sweep(parent: Path) -> tuple[str, ...]:
    """Removes the groups of processes that are gone; the names of those that went."""
    gone = []
    for folder in parent.glob(f"{PREFIX}*"):
        _, number, started, *_ = [*folder.name.split("-"), "", "", ""][:4]
        if number.isdigit() and _start_time(int(number)) != started:
            with contextlib.suppress(OSError):
                _kill_each(folder / "cgroup.procs")
                folder.rmdir()
                gone.append(folder.name)
    return tuple(gone)


def _start_time(pid: int) -> str:
    """When a process was started, in the kernel's ticks; empty when there is none. Numbers are used again."""
    text = _read(Path(f"/proc/{pid}/stat"))
    fields = text.rpartition(")")[2].split()
    return fields[19] if len(fields) > 19 else ""


def _kill_each(procs: Path) -> None:
    for word in _read(procs).split():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if word.isdigit() and int(word) > 1:
                os.kill(int(word), signal.SIGKILL)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
