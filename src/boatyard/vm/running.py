"""A running machine: started, watched, powered off. When the block ends, however it ends, nothing of it is left.

QEMU is ended by the block, by the parent-death signal when Boatyard is killed, and it does not start at all when
Boatyard dies while starting it (it must connect to sockets on which nobody listens then). Its folder is removed by the
block, or by the next machine after a kill.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard.base.error import ImageError
from boatyard.ports.frames import Tap, relaying
from boatyard.ports.lease import leased_dir
from boatyard.ports.run import Command, HostRunner
from boatyard.ports.socket import Listener, Stream, listening
from boatyard.vm.accel import Hypervisor, find_hypervisor
from boatyard.vm.console import Console
from boatyard.vm.firmware import find_firmware
from boatyard.vm.qemu import QMP_SOCKET, SERIAL_SOCKET, TAP_SOCKETS, qemu_argv
from boatyard.vm.qmp import Qmp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from boatyard.artifact.machine import Machine
    from boatyard.ports.feed import Feed
    from boatyard.ports.frames import FrameHandler
    from boatyard.ports.progress import Reporter
    from boatyard.vm.answer import Answer
    from boatyard.vm.serial import Stage

START_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Harbour:
    """Where machines run: the host's processes, who is told, and a folder for what lives as long as a machine.

    `scratch` also holds the throw-away layers of disks, so it must not be on a small tmpfs.
    """

    run: HostRunner
    reporter: Reporter
    scratch: Path


@dataclass(frozen=True, slots=True)
class RunningMachine:
    """A machine that runs. `folder` is private to it and vanishes with it; `pid` is QEMU's."""

    machine: Machine
    hypervisor: Hypervisor
    harbour: Harbour
    folder: Path
    console: Console
    qmp: Qmp
    pid: int

    def wait_for(self, stage: Stage) -> float:
        """Waits for a stage of the boot, gives the seconds since power-on; ImageError with a screenshot's name."""
        try:
            with self.harbour.reporter.step(f"boot {self.machine.name} to the {stage.title}"):
                return self.console.wait_for(stage)
        except ImageError as error:
            raise self._with_screen(error) from None

    def power_off(self, timeout_s: float = 180.0) -> None:
        """Presses the power button and waits for the end; ImageError when the guest does not heed it."""
        with contextlib.suppress(ImageError):  # it may have ended by itself, which the console tells
            self.qmp.press_power()
        if not self.console.wait_end(timeout_s):
            raise self._with_screen(self.console.failure(f"did not power off within {timeout_s:.0f} s"))

    def _with_screen(self, error: ImageError) -> ImageError:
        if self.console.ended:
            return error
        screen = self.console.log.with_suffix(".png")
        try:
            self.qmp.screenshot(screen)
        except (ImageError, TimeoutError):
            return error
        problem = error.problems[0]
        return ImageError(problem.what, detail=problem.detail, hint=f"{problem.hint}, its screen in {screen}")


@contextlib.contextmanager
def boot(
    machine: Machine,
    harbour: Harbour,
    log: Path,
    listener: Callable[[bytes], None] | None = None,
    answers: Sequence[Answer] = (),
    frames: FrameHandler | None = None,
    incoming: Feed | None = None,
) -> Iterator[RunningMachine]:
    """Starts a machine; the block gets it from the moment it has power. The serial console is written to `log`.

    `answers`: what to type when the console asks for it. `frames` handles those of a tapped network. With `incoming`
    the machine has no power yet: it waits for a state from there, see `vm.checkpoint`.

    Call it from a thread that outlives the block: the machine ends with the thread that started it.
    ToolError when QEMU or firmware is missing, ImageError when QEMU does not start.
    """
    hypervisor = find_hypervisor(machine.arch, harbour.run, harbour.scratch / "hypervisor")
    firmware = find_firmware(machine.arch) if machine.firmware == "uefi" else None
    argv = qemu_argv(machine, hypervisor.accelerator, firmware, waiting=incoming is not None)
    if hypervisor.accelerator.emulated:
        harbour.reporter.note(f"{machine.name} is emulated, which is slow: {hypervisor.why}")
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(leased_dir(harbour.scratch / "machines"))
        serial = stack.enter_context(listening(folder, SERIAL_SOCKET))
        control = stack.enter_context(listening(folder, QMP_SOCKET))
        tap = [stack.enter_context(listening(folder, name)) for name in TAP_SOCKETS if frames is not None]
        output = stack.enter_context((folder / "qemu.log").open("wb"))
        # QEMU puts the throw-away layers in TMPDIR, as files without a name.
        command = Command(argv=argv, cwd=folder, env={"TMPDIR": str(folder)}, log=folder / "qemu.log")
        reader = None if incoming is None else incoming.reader
        process = stack.enter_context(harbour.run.start(command, stdout=output.fileno(), stdin=reader))
        if incoming is not None:
            incoming.started()
        try:
            console = Console(_accept(serial, process.pid, stack), log, listener, answers)
            console.start()
            stack.callback(console.join)
            if frames is not None:
                streams = [_accept(listener, process.pid, stack) for listener in tap]
                stack.enter_context(relaying(Tap(*streams), frames))
            qmp = Qmp(_accept(control, process.pid, stack))
        except (ImageError, TimeoutError) as error:
            words = (folder / "qemu.log").read_text(encoding="utf-8", errors="replace").splitlines()
            raise ImageError("QEMU did not start the machine", detail="\n".join(words[-20:])) from error
        yield RunningMachine(machine, hypervisor, harbour, folder, console, qmp, process.pid)


def _accept(listener: Listener, pid: int, stack: contextlib.ExitStack) -> Stream:
    stream = listener.accept(pid, START_TIMEOUT_S)
    if stream is None:
        raise ImageError("QEMU did not connect")
    stack.callback(stream.close)
    return stream
