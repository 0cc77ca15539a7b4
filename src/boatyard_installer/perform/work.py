"""The steps of a plan, performed in order. Whatever fails or is cut off, the disk does not boot before the last one."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard_boot.error import BootError
from boatyard_installer.error import InstallError, MachineError, StepError
from boatyard_installer.medium import verify_medium
from boatyard_installer.perform import boot, storage
from boatyard_installer.perform.block import BlockDevice
from boatyard_installer.perform.storage import TARGET
from boatyard_installer.settings import check, install_packages, run_scripts, write_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from boatyard_boot.layout import Role
    from boatyard_installer.progress import Reporter
    from boatyard_installer.run import Run
    from boatyard_installer.step import Plan

LOG_FOLDER = "var/log/boatyard-install"
LIVE_ROOT = Path("/")
KEYS = Path("/etc/pki/rpm-gpg")
WATCH_S = 0.5


def perform(plan: Plan, run: Run, reporter: Reporter, user_data: bytes) -> None:
    """Installs; InstallError when a step fails, with the disk left as one that does not boot.

    `user_data`: cloud-init's, empty for none. Nothing is written before the medium and the answers have been checked.
    """
    if problems := check(LIVE_ROOT, plan.answers):
        raise MachineError(f"the answers do not fit this medium: {problems[0]}", detail="\n".join(problems))
    work = _Work(plan, run, reporter, user_data)
    try:
        for number, step in enumerate(plan.steps, 1):
            reporter.step(step, number, len(plan.steps))
            with _in_words(step.name):
                work.do(step.name)
    except BaseException:
        # The first error is the one to tell; what cannot be unmounted goes with the reboot.
        with suppress(InstallError, OSError):
            work.abandon()
        raise
    with suppress(InstallError, OSError):
        boot.register(plan, run)


def copy_argv(root: Path, target: Path) -> tuple[str, ...]:
    """The command that unpacks a medium's root into a folder."""
    return ("unsquashfs", "-no-progress", "-force", "-dest", str(target), str(root))


class _Work:
    """What the steps share: the disk, held from the first write to the last, and the boot loaders."""

    def __init__(self, plan: Plan, run: Run, reporter: Reporter, user_data: bytes) -> None:
        self._plan, self._run, self._reporter, self._user_data = plan, run, reporter, user_data
        self._disk: BlockDevice | None = None
        self._loaders: dict[Role, bytes] = {}

    def do(self, name: str) -> None:
        """Performs the step with a name."""
        steps: dict[str, Callable[[], None]] = {
            "verify": self._verify,
            "wipe": self._wipe,
            "partition": self._partition,
            "encrypt": lambda: storage.encrypt(self._plan, self._run),
            "volumes": lambda: storage.make_volumes(self._plan, self._run),
            "filesystems": self._make_filesystems,
            "copy": self._copy,
            "settings": lambda: write_settings(TARGET, self._plan.answers, self._user_data, self._run),
            "packages": lambda: install_packages(TARGET, self._plan.answers, self._plan.medium, self._run),
            "boot": self._boot,
            "scripts": lambda: run_scripts(TARGET, self._plan.answers, self._run),
            "close": self._close,
            "commit": self._commit,
        }
        steps[name]()

    def abandon(self) -> None:
        """Lets everything go after an error."""
        try:
            storage.unmount_all(self._plan, self._run)
        finally:
            if self._disk is not None:
                self._disk.close()

    @property
    def _held(self) -> BlockDevice:
        assert self._disk is not None, "wiping comes first"
        return self._disk

    def _verify(self) -> None:
        self._reporter.record("digests", verify_medium(self._plan.medium, self._run, KEYS, self._reporter.part))

    def _wipe(self) -> None:
        self._disk = BlockDevice(self._plan.disk.device, self._plan.disk.size)
        self._held.forget_partitions()
        # The first sector first: from here on no firmware finds the old system.
        self._held.write(bytes(512), 0)
        self._held.flush()
        self._held.erase(0, self._plan.disk.size)

    def _partition(self) -> None:
        for slot in self._plan.places.slots:
            self._held.erase(slot.start, slot.size)
        self._held.flush()
        self._held.add_partitions(self._plan.places)

    def _make_filesystems(self) -> None:
        storage.make_filesystems(self._plan, self._run)
        storage.mount_all(self._plan, self._run)

    def _copy(self) -> None:
        with _watched(self._plan.medium.occupied, self._reporter):
            self._run(*copy_argv(self._plan.medium.root, TARGET))

    def _boot(self) -> None:
        cmdline = Path("/proc/cmdline").read_text("utf-8")
        self._loaders = boot.prepare_boot(self._plan, self._run, cmdline)

    def _close(self) -> None:
        self._reporter.save(TARGET / LOG_FOLDER)
        storage.unmount_all(self._plan, self._run)
        os.sync()

    def _commit(self) -> None:
        table, extra = boot.partition_table(self._plan, self._loaders)
        for at, data in extra.items():
            self._held.write(data, at)
        # The disk stays held until this program ends: udev would look through it while the machine restarts, and the
        # kernel would tell of its reads that fail then.
        self._held.commit(table)


@contextmanager
def _in_words(name: str) -> Iterator[None]:
    """What a step runs into, as an error of that step."""
    try:
        yield
    except BootError as error:
        raise StepError(f"{name}: {error.what}", hint=error.hint) from error
    except OSError as error:
        raise StepError(f"{name}: {error.strerror or error} {error.filename or ''}".rstrip()) from error


@contextmanager
def _watched(total: int, reporter: Reporter) -> Iterator[None]:
    """Reports how full the target is while something fills it."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(WATCH_S):
            found = os.statvfs(TARGET)
            reporter.part(min(1.0, (found.f_blocks - found.f_bfree) * found.f_frsize / max(total, 1)))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
