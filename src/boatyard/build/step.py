"""One step of a build inside a buildroot: as an ordinary user, without network, within limits, the root read-only.

What the step sees is the same everywhere: sources at /sources with one date, work at /build, an empty /tmp,
no environment but locale, time zone and date. What it leaves is hostile: only plain files are taken out of it.
"""

from __future__ import annotations

import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.base.error import BuildError, ToolError
from boatyard.build.buildroot import using
from boatyard.build.cause import find_cause
from boatyard.ports.files import link_or_copy, remove_tree, write_atomic
from boatyard.ports.limits import MIB, Bounds, run_limited
from boatyard.ports.run import Command
from boatyard.ports.sandbox import BUILDER, Sandbox
from boatyard.rpm.header import is_whole, read_rpm

if TYPE_CHECKING:
    from collections.abc import Collection

    from boatyard.artifact.build_result import RpmFile
    from boatyard.artifact.build_task import Limits
    from boatyard.artifact.buildroot import Root
    from boatyard.artifact.source_tree import SourceTree
    from boatyard.build.rpmbuild import BuildEnvironment
    from boatyard.ports.limits import Ended
    from boatyard.ports.run import HostRunner

MEMORY_OF_A_JOB = 2048  # MiB
MAX_REQUIRES = 4 * MIB
SOURCES, BUILD = "/sources", "/build"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Where and how the steps of one build run. `work` is an empty folder, of this step alone."""

    tree: SourceTree
    root: Root
    environment: BuildEnvironment
    limits: Limits
    work: Path
    log: Path
    run: HostRunner

    @property
    def build(self) -> Path:
        return self.work / "build"

    def prepare(self) -> None:
        """Puts sources and macros in their places. What the sources' dates and modes were does not matter."""
        self._make_folders()
        for path in sorted(self.tree.dir.iterdir()):
            if path.is_symlink() or not path.is_file():
                continue  # rpm takes plain files only
            target = self.work / "sources" / path.name
            shutil.copyfile(path, target)
            target.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)
            os.utime(target, (self.epoch, self.epoch))

    def _make_folders(self) -> None:
        for name in ("sources", "build", "tmp"):
            (self.work / name).mkdir(parents=True)
        text = self.environment.macros.rstrip("\n")
        write_atomic(self.build / ".rpmmacros", f"{text}\n%_smp_build_ncpus {jobs(self.limits)}\n")

    @property
    def epoch(self) -> int:
        return max(self.tree.epoch, 1)  # rpm takes 0 for no date at all, and then keeps the times of this run

    def keep_only(self, srpm: RpmFile) -> None:
        """Begins anew with a source package alone at /sources, in an empty /build."""
        for name in ("sources", "build", "tmp"):
            remove_tree(self.work / name)
        self._make_folders()
        link_or_copy(srpm.path, self.work / "sources" / srpm.path.name)

    def rpmbuild(self, *words: str, sources: str = SOURCES, ok: Collection[int] = (0,)) -> Ended:
        """Runs rpmbuild with the options of every step; BuildError with the cause when it fails."""
        target = f"{self.environment.arch}-linux"
        return self("rpmbuild", "--target", target, "--define", f"_sourcedir {sources}", *words, ok=ok)

    @property
    def sandbox(self) -> Sandbox:
        """What a program of the step sees."""
        return Sandbox(
            root=self.root.dir,
            user=BUILDER,
            contained=True,
            read_only=((self.work / "sources", SOURCES),),
            writable=(
                (self.build, BUILD), (self.work / "tmp", "/tmp"), (self.work / "tmp", "/var/tmp"),  # noqa: S108
            ),
        )  # fmt: skip

    def command(self, *argv: str) -> Command:
        """A program as the step runs it, inside of the sandbox."""
        env = {"SOURCE_DATE_EPOCH": str(self.epoch), "HOME": BUILD}
        return Command(argv=argv, cwd=Path(BUILD), env=env, log=self.log)

    def __call__(self, *argv: str, ok: Collection[int] = (0,)) -> Ended:
        name = self.tree.component
        with using(self.root):
            ended = run_limited(
                self.run, self.sandbox, self.command(*argv), _bounds(self.limits), what=f"the build of {name}"
            )
        if ended.code in ok:
            return ended
        if "boatyard: the sandbox cannot be made" in ended.tail or ended.tail.startswith("bwrap: "):
            raise ToolError(
                "the sandbox cannot be made", detail=ended.tail, hint="`boatyard doctor` says what is missing"
            )
        cause = find_cause(ended.tail, ended.code)
        raise BuildError(
            f"{name} does not build: {cause.what}" if cause.what else f"{name} does not build",
            detail=cause.evidence,
            hint="; ".join(word for word in (cause.hint, f"whole log: {self.log}") if word),
        )

    def packages(self, folder: str) -> tuple[RpmFile, ...]:
        """The packages that a step left below a folder of /build, moved out of its reach."""
        kept = self.work / "out" / folder
        kept.mkdir(parents=True)
        rpms = tuple(read_rpm(path) for path in take_files(self.build / folder, kept, ".rpm"))
        for rpm in rpms:
            if not is_whole(rpm.path):
                raise ToolError(
                    f"rpmbuild: no space left on the disk, or it fails: {rpm.file_name} was not written whole",
                    hint="free some space and run the same command again: it goes on where it stopped",
                )
        return rpms

    def requires_of(self, package: str) -> tuple[tuple[str, ...], bool]:
        """What a source package below /build requires, by the root's rpm, sorted; and whether a build may add to it."""
        self("sh", "-c", f'rpm -qp --nosignature --requires "$1" > {BUILD}/requires', "sh", package)
        text = read_plain(self.build / "requires", MAX_REQUIRES).decode("utf-8", "replace")
        lines = {line.strip() for line in text.splitlines() if line.strip()}
        dynamic = any(line.startswith("rpmlib(DynamicBuildRequires)") for line in lines)
        return tuple(sorted(line for line in lines if not line.startswith("rpmlib("))), dynamic


def jobs(limits: Limits) -> int:
    """How many compilers run at once: what memory and processors allow. The result must not depend on it."""
    return max(1, min(limits.memory_mib // MEMORY_OF_A_JOB, len(os.sched_getaffinity(0))))


def take_files(folder: Path, target: Path, suffix: str) -> list[Path]:
    """Copies the plain files below a hostile folder; links are neither followed nor taken. Sorted by name.

    BuildError for two of one name.
    """
    taken: dict[str, Path] = {}
    for _, _, names, handle in os.fwalk(folder, follow_symlinks=False):
        for name in names:
            if name.endswith(suffix) and stat.S_ISREG(os.stat(name, dir_fd=handle, follow_symlinks=False).st_mode):
                if name in taken:
                    raise BuildError(f"a build left two files called {name}")
                source = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=handle)
                with os.fdopen(source, "rb") as stream, (target / name).open("xb") as copy:
                    shutil.copyfileobj(stream, copy, MIB)
                taken[name] = target / name
    return [taken[name] for name in sorted(taken)]


def read_plain(path: Path, most: int) -> bytes:
    """The content of a plain file in a hostile folder, at most so many bytes; BuildError when it is none."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise BuildError(f"a build left no plain file {path.name}: {error}") from error
    with os.fdopen(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise BuildError(f"a build left no plain file {path.name}")
        return stream.read(most)


def _bounds(limits: Limits) -> Bounds:
    return Bounds(
        memory=limits.memory_mib * MIB,
        processes=limits.processes,
        disk=limits.disk_mib * MIB,
        seconds=limits.seconds,
        silent_s=limits.silent_s,
    )
