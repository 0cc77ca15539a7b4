"""A machine on which Skiff is installed from its ISO with answers put in, and what an installed system must be."""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from tests.system.computer import said

from boatyard.artifact.machine import Drive, Machine, Network
from boatyard.image.customize import Change, customize
from boatyard.ports import clock
from boatyard.ports.progress import silent
from boatyard.ports.run import Command
from boatyard.trial.guest import check_balloon
from boatyard.vm.running import Harbour, boot
from boatyard.vm.serial import Stage, without_escapes
from boatyard.vm.ssh import logged_in
from boatyard_boot.arch import Arch
from boatyard_boot.size import GIB, MIB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from boatyard.ports.run import HostRunner
    from boatyard.vm.answer import Answer
    from boatyard.vm.running import RunningMachine
    from boatyard.vm.ssh import Ssh, SshKey

VERDICT = re.compile(r"^BOATYARD-INSTALL: (OK|FAILED .*)\r?\n", re.MULTILINE)
BAR = re.compile(r"\[[#.]{20}\] +[0-9]+ %  ")
LOGIN = re.compile(r"^\S+ login: ", re.MULTILINE)
TIMEOUT_S = 900.0
# Emulated, on a busy host, GRUB alone can take minutes to read kernel and initrd through the BIOS.
LIMITS = dict.fromkeys(Stage, TIMEOUT_S)
SERIAL = "TARGET-1"
# Emulated, on a busy host, udev can need more than systemd's 90 s to find /boot. What the installer's kernel is told,
# the installed system's is told as well.
PATIENCE = "systemd.default_device_timeout_sec=600"


class Screen:
    """What the serial console has shown, for somebody who waits for words on it."""

    def __init__(self) -> None:
        self._data = b""
        self._changed = threading.Condition()

    def listen(self, data: bytes) -> None:
        """The next piece, from the console's thread."""
        with self._changed:
            self._data += data
            self._changed.notify_all()

    @property
    def text(self) -> str:
        """All so far, without escapes."""
        return without_escapes(self._data)

    def wait(self, vm: RunningMachine, shown: Callable[[str], bool], timeout_s: float = TIMEOUT_S) -> None:
        """Waits until `shown` is true of the text; ImageError when the machine ends or stays in a fault."""
        deadline = clock.monotonic() + timeout_s
        with self._changed:
            while not shown(self.text):
                vm.console.check()
                if clock.monotonic() > deadline:
                    raise vm.console.failure(f"did not show what it should within {timeout_s:.0f} s")
                self._changed.wait(2.0)


@dataclass
class Target:
    """A machine to install on: its disks first and the ISO last in the order in which firmware tries them."""

    iso: Path
    drives: Sequence[Drive]
    run: HostRunner
    folder: Path
    firmware: Literal["uefi", "bios"] = "uefi"
    memory_mib: int = 1024
    screen: Screen = field(default_factory=Screen)
    boots: int = 0

    @contextlib.contextmanager
    def on(self, answers: Sequence[Answer] = ()) -> Iterator[RunningMachine]:
        """Switches it on; at the end of the block its power is cut, if it still has any."""
        self.boots += 1
        self.screen = Screen()
        machine = Machine(
            name="target",
            arch=Arch.X86_64,
            cpus=1,
            memory_mib=self.memory_mib,
            firmware=self.firmware,
            drives=(*self.drives, Drive(path=self.iso, kind="cdrom")),
            network=Network(outward=True),
            second_serial=self._programs,
        )
        harbour = Harbour(self.run, silent(), self.folder / "scratch")
        log = self.folder / f"console-{self.boots}.log"
        with boot(machine, harbour, log, self.screen.listen, answers) as vm:
            yield vm

    @property
    def _programs(self) -> Path:
        return self.folder / f"programs-{self.boots}.log"

    def events(self) -> list[dict[str, Any]]:
        """What this boot's installer has told programs at the second serial port."""
        return [json.loads(line) for line in re.findall(r'{"event": .*}', self._programs.read_text("utf-8", "replace"))]

    def verdict(self, vm: RunningMachine) -> str:
        """Waits for the installer's last line: OK or FAILED and why."""
        self.screen.wait(vm, lambda text: VERDICT.search(text) is not None)
        found = VERDICT.search(self.screen.text)
        assert found is not None
        return found[1].strip()

    def install(self, vm: RunningMachine) -> None:
        """Waits until it is installed and has started from its disk."""
        verdict = self.verdict(vm)
        assert verdict == "OK", self.screen.text[-6000:]
        vm.console.wait_for(Stage.LOGIN, LIMITS)

    def comes_up(self, vm: RunningMachine) -> Literal["installer", "system"]:
        """Waits for whichever starts after a power cut: the installer has begun, or the system is up."""
        self.screen.wait(vm, lambda text: bool(BAR.search(text) or LOGIN.search(text)))
        return "installer" if BAR.search(self.screen.text) else "system"


def with_answers(iso: Path, answers: str, run: HostRunner, folder: Path, files: Mapping[str, bytes] = {}) -> Path:
    """A copy of the ISO that installs by answers, which `files` may lie beside."""
    return changed(iso, {"answers.toml": answers.encode(), **files}, (), run, folder)


def changed(iso: Path, files: Mapping[str, bytes], arguments: Sequence[str], run: HostRunner, folder: Path) -> Path:
    """A copy of the ISO with files in its folder for answers and arguments for its kernel, for an emulated machine."""
    inside = {f"boatyard/{name}": data for name, data in files.items()}
    target = folder / "changed.iso"
    change = Change(files=inside, kernel_arguments=(PATIENCE, *arguments), timeout_s=0)
    customize(iso, target, change, run, log=folder / "customize.log")
    return target


def empty_disk(folder: Path, size: int = 6 * GIB, serial: str = SERIAL) -> Drive:
    """A disk with nothing on it (a sparse file)."""
    path = folder / f"{serial}.raw"
    with path.open("wb") as stream:
        stream.truncate(size)
    return Drive(path=path, keep_writes=True, serial=serial)


def answers_volume(answers: str, run: HostRunner, folder: Path) -> Drive:
    """A stick labelled ANSWERS, as people make them: vfat without partitions."""
    path = folder / "answers.img"
    path.write_bytes(bytes(4 * MIB))
    (folder / "answers.toml").write_text(answers)
    run(Command(argv=("mkfs.vfat", "-n", "ANSWERS", str(path))))
    run(Command(argv=("mcopy", "-i", str(path), str(folder / "answers.toml"), "::/answers.toml")))
    return Drive(path=path, serial="STICK-1")


def foreign_disk(folder: Path, run: HostRunner) -> Drive:
    """Somebody's data: random bytes below a file system."""
    path = folder / "foreign.raw"
    path.write_bytes(random.Random(7).randbytes(96 * MIB))
    run(Command(argv=("mkfs.ext4", "-q", "-F", str(path))))
    return Drive(path=path, keep_writes=True, serial="FOREIGN-1")


def digest(drive: Drive) -> str:
    """SHA-256 of all that is on a raw disk."""
    with drive.path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def ejected(vm: RunningMachine) -> bool:
    """Whether the tray of a CD drive has been opened since the machine has power; a reset closes it."""
    return bool(vm.qmp.wait_event("DEVICE_TRAY_MOVED", 10)["data"]["tray-open"])


@contextlib.contextmanager
def root_shell(vm: RunningMachine, key: SshKey) -> Iterator[Ssh]:
    """A shell of root's, on a machine that is then switched off in order."""
    with logged_in(vm, key.private) as shell:
        yield shell
    vm.power_off()


def check_installed(shell: Ssh, vm: RunningMachine) -> dict[str, Any]:
    """What every installed system must be; gives the installer's report."""
    assert said(shell, "systemctl is-system-running --wait || systemctl --failed --no-legend") == "running"
    assert said(shell, "findmnt -no FSTYPE /") in ("ext4", "xfs"), "no overlay: it runs from its disk"
    assert said(shell, "findmnt --verify --tab-file /etc/fstab >&2 && echo good") == "good"
    root = said(shell, "getent shadow root").split(":")[1]
    assert root[:1] in ("*", "!"), "nobody knows a password of root's"
    assert "boatyard-installer" not in said(shell, "rpm -qa --qf '%{name} '").split()
    assert re.fullmatch("[0-9a-f]{32}", said(shell, "cat /etc/machine-id"))
    made = said(shell, "stat -c %Y /etc/ssh/ssh_host_*_key").split()
    booted = float(said(shell, "date +%s")) - float(said(shell, "cut -d' ' -f1 /proc/uptime"))
    assert made, "sshd has keys"
    assert min(map(int, made)) >= booted - 5, "which it made at this boot"
    settings = said(shell, "sshd -T").splitlines()
    assert "passwordauthentication no" in settings
    assert "permitrootlogin yes" not in settings
    kernel = said(shell, "uname -r")
    (entry,) = said(shell, "ls /boot/loader/entries").split()
    assert kernel in said(shell, f"cat /boot/loader/entries/{entry}")
    assert "boatyard" not in said(shell, "cat /proc/cmdline")
    assert said(shell, "stat -c %a /var/log/boatyard-install /var/log/boatyard-install/*").split() == (
        ["700", "600", "600"]
    )
    assert "== 1/" in said(shell, "cat /var/log/boatyard-install/install.log")
    balloon = check_balloon(shell, vm.qmp)
    assert balloon.ok, balloon.detail
    report: dict[str, Any] = json.loads(said(shell, "cat /var/log/boatyard-install/install-report.json"))
    assert report["disk"]["serial"] == SERIAL
    assert re.fullmatch("[0-9a-f]{64}", report["digests"]["live/root.squashfs"])
    return report
