"""A running machine saved to a file, and started again from it as often as wanted: its memory and its devices.

QEMU's own migration, from QEMU to Boatyard and from Boatyard to QEMU, is what carries the state; the file is compressed
(zstd), for this user only, and its digest is taken while it is written and compared while it is read. The content of
disks is not in it: it stays in their files, which must be layers (`vm.layer`) or disks of this machine alone. The same
QEMU with the same machine must read it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from typing import IO, TYPE_CHECKING

from boatyard.artifact.codec import Artifact
from boatyard.base.error import ImageError
from boatyard.ports.feed import feeding
from boatyard.ports.socket import listening
from boatyard.vm.qemu import drive_name
from boatyard.vm.running import boot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from boatyard.artifact.machine import Machine
    from boatyard.ports.feed import Feed
    from boatyard.ports.frames import FrameHandler
    from boatyard.ports.socket import Listener
    from boatyard.vm.running import Harbour, RunningMachine

SOCKET = "state.sock"
STALL_S = 60.0  # QEMU moves hundreds of MB a second; so long without a byte it hangs
UNBOUNDED = 1 << 40  # bytes a second; QEMU's default of 128 MiB is for networks
READ = 1 << 18
LEVEL = 1  # zstd's: a third of the size at the speed of QEMU's writing


class Checkpoint(Artifact, frozen=True):
    """What a file with a machine's state must be: its `size` and `sha256`; `unpacked` is the state's size in bytes."""

    size: int
    sha256: str
    unpacked: int


class CheckpointError(ImageError):
    """The file is not what was written, or QEMU does not take it: the state is to be made again."""


def save(vm: RunningMachine, path: Path) -> Checkpoint:
    """Pauses the machine and writes its state to a new file; `resume` lets it run on.

    The files of disks that keep writes are complete then and stay as they are: what is written later goes to layers
    that vanish with the machine. ImageError when QEMU cannot save this machine; OSError when the file cannot be
    written, which does not remain then.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file, listening(vm.folder, SOCKET) as listener:
            vm.qmp.execute("stop")
            _close_layers(vm)
            _announce_moves(vm)
            vm.qmp.execute("migrate-set-parameters", max_bandwidth=UNBOUNDED)
            vm.qmp.execute("migrate", uri=f"unix:{SOCKET}")
            checkpoint = _receive(vm, listener, file)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return checkpoint


def resume(vm: RunningMachine) -> None:
    """Lets a paused machine run on."""
    vm.qmp.execute("cont")


@contextlib.contextmanager
def restored(
    path: Path,
    checkpoint: Checkpoint,
    machine: Machine,
    harbour: Harbour,
    log: Path,
    listener: Callable[[bytes], None] | None = None,
    frames: FrameHandler | None = None,
) -> Iterator[RunningMachine]:
    """`vm.running.boot` for a machine that goes on where it was saved.

    The machine must be the saved one, its disks as they were then. CheckpointError when the file is damaged or QEMU
    refuses it; the guest has not run then.
    """
    with feeding() as feed, boot(machine, harbour, log, listener, frames=frames, incoming=feed) as vm:
        _load(path, checkpoint, vm, feed)
        yield vm


def _load(path: Path, checkpoint: Checkpoint, vm: RunningMachine, feed: Feed) -> None:
    try:
        _announce_moves(vm)
        vm.qmp.execute("migrate-incoming", uri="fd:0")
        _feed(path, checkpoint, feed)
        _wait_moved(vm)
        resume(vm)
    except CheckpointError:
        raise
    except (ImageError, OSError) as error:  # BrokenPipeError and TimeoutError are OSErrors
        raise CheckpointError(f"QEMU does not take {path}", detail=str(error)) from error


def _receive(vm: RunningMachine, listener: Listener, file: IO[bytes]) -> Checkpoint:
    import zstandard

    stream = listener.accept(vm.pid, STALL_S)
    if stream is None:
        raise ImageError("QEMU does not write its state")
    packer, digest = zstandard.ZstdCompressor(LEVEL).compressobj(), hashlib.sha256()
    data, unpacked = b"nothing yet", 0
    try:
        while data:
            data = stream.receive(STALL_S)
            unpacked += len(data)
            piece = packer.compress(data) if data else packer.flush()
            digest.update(piece)
            file.write(piece)
    except BaseException:
        stream.close()
        with contextlib.suppress(ImageError, TimeoutError):  # QEMU must be done with it before the next try
            _wait_moved(vm)
        raise
    stream.close()
    _wait_moved(vm)
    return Checkpoint(size=file.tell(), sha256=digest.hexdigest(), unpacked=unpacked)


def _feed(path: Path, checkpoint: Checkpoint, feed: Feed) -> None:
    import zstandard

    digest, size, fed = hashlib.sha256(), 0, 0
    unpacker = zstandard.ZstdDecompressor().decompressobj()
    try:
        with path.open("rb") as file:
            while data := file.read(READ):
                digest.update(data)
                size += len(data)
                if fed <= checkpoint.unpacked:
                    state = unpacker.decompress(data)
                    fed += len(state)
                    feed.send(state, STALL_S)
    except zstandard.ZstdError as error:
        raise CheckpointError(f"{path} is damaged: {error}") from error
    if (digest.hexdigest(), size, fed) != (checkpoint.sha256, checkpoint.size, checkpoint.unpacked):
        raise CheckpointError(f"{path} is damaged")
    feed.end()


def _close_layers(vm: RunningMachine) -> None:
    for index, drive in enumerate(vm.machine.drives):
        if drive.keep_writes:
            layer = f"after-{drive_name(index)}-{len(list(vm.folder.glob('after-*')))}.qcow2"
            vm.qmp.execute("blockdev-snapshot-sync", device=drive_name(index), snapshot_file=layer, format="qcow2")


def _announce_moves(vm: RunningMachine) -> None:
    vm.qmp.execute("migrate-set-capabilities", capabilities=[{"capability": "events", "state": True}])


def _wait_moved(vm: RunningMachine) -> None:
    while True:
        status = vm.qmp.wait_event("MIGRATION", STALL_S)["data"]["status"]
        if status == "completed":
            return
        if status in ("failed", "cancelled"):
            raise ImageError(f"QEMU could not move the machine's state: {status}")
