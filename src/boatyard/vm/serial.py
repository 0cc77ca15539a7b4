"""What a serial console tells about a boot: bytes in, events out. Pure, incremental, bounded.

A guest can print what it likes, so this is for finding out where a boot stands or stopped, not proof that it went well.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from enum import IntEnum, StrEnum

MAX_LINE = 2000
KEPT_LINES = 200


class Stage(IntEnum):
    """How far a boot has come. A lower stage after a higher one is a reboot."""

    POWER_ON = 0
    FIRMWARE = 1
    BOOTLOADER = 2
    KERNEL = 3
    INITRD = 4
    SYSTEM = 5
    LOGIN = 6
    SHUTDOWN = 7

    @property
    def title(self) -> str:
        titles = {
            "POWER_ON": "power-on",
            "BOOTLOADER": "boot loader",
            "SYSTEM": "system start",
            "LOGIN": "login prompt",
        }
        return titles.get(self.name, self.name.lower())


class Trouble(StrEnum):
    """What went wrong, in words that follow "the machine …"."""

    NO_BOOT = "found nothing to boot"
    LOADER = "stopped in the boot loader"
    INITRD = "did not find its root file system"
    PANIC = "panicked"
    FREEZE = "froze: systemd gave up"
    EMERGENCY = "fell into emergency mode"
    OOPS = "had a kernel oops"
    MEMORY = "ran out of memory"

    @property
    def fatal(self) -> bool:
        """Whether the boot cannot succeed any more."""
        return self not in (Trouble.OOPS, Trouble.MEMORY)


@dataclass(frozen=True, slots=True)
class SerialEvent:
    """A stage that was reached or a trouble, with the line that told."""

    what: Stage | Trouble
    line: str


# The first that matches counts. The words are those of OVMF's BdsDxe, SeaBIOS, GRUB, systemd-boot, Linux, dracut,
# initramfs-tools and systemd.
MARKERS: tuple[tuple[Stage | Trouble, re.Pattern[str]], ...] = tuple(
    (what, re.compile(pattern))
    for what, pattern in (
        (Trouble.NO_BOOT, r"No bootable (device|option)|UEFI Interactive Shell|^Shell>"),
        (Trouble.LOADER, r"^grub rescue>|^grub> ?$|error: you need to load the kernel first"),
        (Trouble.PANIC, r"Kernel panic - not syncing"),
        (Trouble.FREEZE, r"Freezing execution"),
        (Trouble.INITRD, r"^\(initramfs\)|ALERT!.* does not exist|Gave up waiting for root|dracut: FATAL"),
        (Trouble.INITRD, r"dracut-initqueue.*(timeout|timed out)|Failed to switch root|Failed to mount /sysroot"),
        (Trouble.EMERGENCY, r"(You are in|Entering) emergency mode|Give root password for maintenance"),
        (Trouble.EMERGENCY, r"Press Enter for (maintenance|emergency shell)"),
        (Trouble.MEMORY, r"Out of memory: Killed process|oom-kill:"),
        (Trouble.OOPS, r"\bOops: |BUG: (unable to handle|kernel NULL)|general protection fault[:,]|kernel BUG at"),
        (
            Stage.SHUTDOWN,
            r"reboot: (Power down|Restarting system|System halted)|Reached target .*(Power[ -]?Off|Reboot|Shutdown)",
        ),
        (Stage.FIRMWARE, r"BdsDxe: (loading|starting)|^SeaBIOS|^Booting from (Hard Disk|DVD/CD)"),
        (
            Stage.BOOTLOADER,
            r"GNU GRUB  version|^Welcome to GRUB|^Loading Linux|^systemd-boot \d|^ISOLINUX \d|^\s*Booting [`'‘].*['’]",
        ),
        (Stage.KERNEL, r"^\[ *0\.0+\] Linux version \d|^EFI stub: |Booting Linux on physical CPU|Decompressing Linux"),
        (Stage.INITRD, r"Run /init as init process|Running in initrd|dracut-\d|Welcome to .*[Ii]nitramfs"),
        (Stage.SYSTEM, r"Switching root|^Welcome to .*!|Run /\S*bin/init as init|systemd\[1\]: systemd \d.*running in"),
        # What a driver says late lands in the line of the prompt.
        (Stage.LOGIN, r"^(?!Last )\S+ login:( \S+)?\s*(\[ *\d+\.\d+\] .*)?$"),
    )
)
# A prompt ends without a new line, so these are also looked for in what has come of a line.
PROMPTS = (Stage.LOGIN, Trouble.LOADER, Trouble.NO_BOOT, Trouble.INITRD, Trouble.EMERGENCY)

# CSI, OSC and two-byte escapes (ECMA-48), and control characters but tab and new line.
_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]|[\x00-\x08\x0b-\x1f\x7f]"
)


class SerialReader:
    """Takes the console's bytes in pieces of any size; keeps the last lines without escapes."""

    def __init__(self) -> None:
        self.stage = Stage.POWER_ON
        self.boots = 1
        self.lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._rest = b""
        self._prompted = ""

    def feed(self, data: bytes) -> list[SerialEvent]:
        """The events that these bytes tell, in order. Each stage is told once a boot."""
        *whole, self._rest = (self._rest + data).replace(b"\r\n", b"\n").split(b"\n")
        events = [event for line in whole for event in self._line(clean(line))]
        if len(self._rest) > MAX_LINE:
            events += self._line(clean(self._rest))
            self._rest = b""
        prompt = clean(self._rest)
        found = match(prompt)
        if found in PROMPTS and prompt != self._prompted:
            self._prompted = prompt
            events += self._seen(found, prompt)
        return events

    def tail(self, count: int) -> str:
        """The last lines, the unfinished one included."""
        unfinished = clean(self._rest)
        return "\n".join([*self.lines, *([unfinished] if unfinished.strip() else [])][-count:])

    def _line(self, line: str) -> list[SerialEvent]:
        prompted, self._prompted = self._prompted, ""
        if line.strip():
            self.lines.append(line)
        found = match(line)
        if found is None or (prompted and line.startswith(prompted)):
            return []
        return self._seen(found, line)

    def _seen(self, found: Stage | Trouble, line: str) -> list[SerialEvent]:
        if isinstance(found, Stage):
            if found == self.stage:
                return []
            if found < self.stage:
                if found in (Stage.INITRD, Stage.SYSTEM):  # late messages of a stage that is over
                    return []
                self.boots += 1
            self.stage = found
        return [SerialEvent(found, line.strip())]


def match(line: str) -> Stage | Trouble | None:
    """What a line without escapes tells, if anything."""
    for what, pattern in MARKERS:
        if pattern.search(line):
            return what
    return None


def clean(line: bytes) -> str:
    """What a line shows in the end, without escapes and control characters; at most 2,000 characters."""
    return without_escapes(line.rstrip(b"\r").rpartition(b"\r")[2])[:MAX_LINE]


def without_escapes(data: bytes) -> str:
    """Text without escapes and control characters but tab and new line."""
    return _ESCAPES.sub("", data.decode("utf-8", "replace"))
