"""QEMU's control protocol (QMP, JSON lines): memory balloon, power, screenshots, the forwarded port."""

from __future__ import annotations

import json
import re
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from boatyard.base.error import ImageError
from boatyard.ports import clock
from boatyard_boot.size import MIB

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.ports.socket import Stream

ANSWER_TIMEOUT_S = 30.0
MAX_MESSAGE = 1 << 20
KEPT_EVENTS = 1000


class Qmp:
    """One conversation with one QEMU. ImageError when QEMU refuses, is gone, or does not answer."""

    def __init__(self, stream: Stream) -> None:
        """Answers QEMU's greeting; the connection is ready afterwards."""
        self.events: deque[dict[str, Any]] = deque(maxlen=KEPT_EVENTS)
        self._stream = stream
        self._rest = b""
        self._lock = threading.Lock()
        self._message(clock.monotonic() + ANSWER_TIMEOUT_S)
        self.execute("qmp_capabilities")

    def execute(self, command: str, **arguments: object) -> Any:
        """What QEMU returns for a command (QEMU docs/interop/qemu-qmp-ref)."""
        request = {"execute": command, "arguments": {key.replace("_", "-"): arguments[key] for key in arguments}}
        with self._lock:
            self._stream.send(json.dumps(request).encode() + b"\n")
            deadline = clock.monotonic() + ANSWER_TIMEOUT_S
            while True:
                try:
                    message = self._message(deadline)
                except TimeoutError:
                    raise ImageError(f"QEMU does not answer {command} within {ANSWER_TIMEOUT_S:.0f} s") from None
                if "return" in message:
                    return message["return"]
                if "error" in message:
                    raise ImageError(f"QEMU refuses {command}: {message['error'].get('desc', '')}")
                self._keep(message)

    def wait_event(self, name: str, timeout_s: float) -> dict[str, Any]:
        """The oldest event of a name not yet taken, or the next one; TimeoutError."""
        deadline = clock.monotonic() + timeout_s
        with self._lock:
            while True:
                for event in self.events:
                    if event["event"] == name:
                        self.events.remove(event)
                        return event
                self._keep(self._message(deadline))

    def balloon(self, mib: int) -> None:
        """Asks the guest to keep at most `mib` MiB; it follows in its own time."""
        self.execute("balloon", value=mib * MIB)

    def balloon_mib(self) -> int:
        """The memory that the guest has now, in MiB."""
        return int(self.execute("query-balloon")["actual"]) // MIB

    def press_power(self) -> None:
        """The power button: a system that is up shuts down."""
        self.execute("system_powerdown")

    def insert(self, drive: str, medium: Path) -> None:
        """Puts another medium, a raw image, into a CD drive, though the guest may have locked its tray (QEMU ≥ 7.1)."""
        self.execute("blockdev-change-medium", device=drive, filename=str(medium.absolute()), format="raw", force=True)

    def screenshot(self, png: Path) -> None:
        """The screen as a PNG file (QEMU ≥ 7.1)."""
        self.execute("screendump", filename=str(png.absolute()), format="png")

    def forwarded_port(self) -> int:
        """The port on 127.0.0.1 that leads to the guest's SSH server; the kernel chose it when QEMU bound it."""
        table = str(self.execute("human-monitor-command", command_line="info usernet"))
        match = re.search(r"TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)\s", table)
        if match is None:
            raise ImageError("the machine has no network card, so there is no way to log in")
        return int(match[1])

    def _keep(self, message: dict[str, Any]) -> None:
        if "event" in message:
            self.events.append(message)

    def _message(self, deadline: float) -> dict[str, Any]:
        while b"\n" not in self._rest:
            data = self._stream.receive(max(0.0, deadline - clock.monotonic()))
            if not data:
                raise ImageError("the virtual machine has ended")
            self._rest += data
            if len(self._rest) > MAX_MESSAGE:
                raise ImageError("QEMU's answer is too long")
        line, self._rest = self._rest.split(b"\n", 1)
        try:
            message = json.loads(line)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            raise ImageError("QEMU talks no QMP", detail=line[:200].decode("utf-8", "replace"))
        return message
