"""Buildroots: root file systems made of exactly the packages that a build was solved for, kept by their digests.

rpm unpacks them and runs their scripts inside a contained sandbox, in one transaction. A root that is there is checked
against its sealed record before it is used, and nothing writes to it afterwards: builds see it read-only, many at once.
A root that adds packages to a base starts as a copy of the base.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.artifact.buildroot import Root
from boatyard.artifact.codec import find_sealed, save_sealed
from boatyard.base.digest import fingerprint, sha256_file
from boatyard.base.error import BuildError, NotFoundError, ToolError, TrustError
from boatyard.ports import clock
from boatyard.ports.files import link_or_copy, locked, remove_tree, replacing_dir, sweep_temporaries, temporary_dir
from boatyard.ports.run import Command
from boatyard.ports.sandbox import Sandbox, inside

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boatyard.artifact.build_result import RpmFile
    from boatyard.ports.run import Runner

RECIPE = 1  # raised when the same packages would give another root
# In the folder of a key: what was made, who makes it, who uses it.
MADE, RECORD, LOCK, USED = "made", "root.json", "lock", "used"
GRACE_S = 600  # a root that was asked for just now is about to be used
DATABASE = "/usr/lib/sysimage/rpm"
TARGET, PACKAGES = "/target", "/packages"  # places inside rpm's sandbox
TIMEOUT_S = 3600
# Where the sandboxes of builds mount something; all else is the packages'. Made inside, so that root there owns them.
MAKE_MOUNT_POINTS = (
    f"cd {TARGET} && mkdir -p -m 755 run dev var build sources && mkdir -m 555 proc && mkdir -m 1777 tmp var/tmp"
)


def root_key(packages: Sequence[RpmFile], base: Root | None = None, database: str = DATABASE) -> str:
    """Identifies a root by the digests of its packages, and those that the base brought."""
    digests = sorted({rpm.sha256 for rpm in packages})
    return fingerprint([RECIPE, database, digests, "" if base is None else base.key])


def make_root(
    packages: Sequence[RpmFile], folder: Path, run: Runner, *, base: Root | None = None, database: str = DATABASE
) -> Root:
    """The root of exactly these packages below `folder`, made when it is not there or not what it was.

    `base`: a root to start from, used when all its packages are among these. BuildError with rpm's reason; TrustError
    for a package that is not what its digest says. Two processes at once make it once.
    """
    wanted = {rpm.sha256: rpm for rpm in packages}
    if base is not None and not {rpm.sha256 for rpm in base.packages} <= wanted.keys():
        base = None
    if base is not None and len(wanted) == len(base.packages):
        return base
    key = root_key(packages, base, database)
    place = folder / key[:32]
    with locked(place / LOCK):
        found = find_root(place, key)
        if found is not None:
            return found
        sweep_temporaries(place)
        chosen = sorted(wanted.values(), key=lambda rpm: (rpm.name, str(rpm.nevra), rpm.sha256))
        known = {rpm.sha256 for rpm in base.packages} if base is not None else set()
        log = place / "log"
        log.unlink(missing_ok=True)
        with replacing_dir(place / MADE) as temporary:
            root = temporary / "root"
            if base is None:
                root.mkdir()
                _inside(Sandbox(), root, ("sh", "-c", MAKE_MOUNT_POINTS), log, run)
            else:
                with using(base):
                    copy_root(base.dir, root, log, run)
            _install([rpm for rpm in chosen if rpm.sha256 not in known], root, log, database, run)
            content, size = content_of(root)
            made = Root(dir=place / MADE / "root", key=key, packages=tuple(chosen), content=content, size=size)
            save_sealed(made, temporary / RECORD)
    return made


def find_root(place: Path, key: str) -> Root | None:
    """The root kept at a place, if it is whole and unchanged."""
    record = place / MADE / RECORD
    root = find_sealed(Root, record)
    if root is None or root.key != key or not root.dir.is_dir() or content_of(root.dir)[0] != root.content:
        return None
    os.utime(record)  # when it was used last, for `sweep_roots`
    return root


def content_of(root: Path) -> tuple[str, int]:
    """A digest of all names, kinds, modes, owners, sizes, link targets and times of a tree, and its size in bytes.

    The time of the last change of an inode is among them, which no program can set: to find that nothing was touched
    it is enough to look at the inodes, and takes a tenth of a second. It also means that a root cannot be moved to
    another disk; it is made there.
    """
    entries: list[tuple[object, ...]] = []
    size = 0
    pending = [root]
    while pending:
        folder = pending.pop()
        with os.scandir(folder) as found:
            for entry in found:
                facts = entry.stat(follow_symlinks=False)
                target = str(Path(entry.path).readlink()) if stat.S_ISLNK(facts.st_mode) else ""
                name = os.fsencode(entry.path[len(str(root)) :]).hex()
                # The number of links is left out, and so is the size of folders: file systems differ in it.
                length = facts.st_size if stat.S_ISREG(facts.st_mode) else 0
                size += length
                entries.append((
                    name, facts.st_mode, facts.st_uid, facts.st_gid, length, target,
                    facts.st_mtime_ns, facts.st_ctime_ns,
                ))  # fmt: skip
                if stat.S_ISDIR(facts.st_mode):
                    pending.append(Path(entry.path))
    return fingerprint(sorted(entries, key=str)), size


@contextlib.contextmanager
def using(root: Root) -> Iterator[Root]:
    """Keeps `sweep_roots` of any process from removing a root; ToolError when it is gone already."""
    lock = root.dir.parents[1] / USED
    handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
        if not root.dir.is_dir():
            raise ToolError(f"the buildroot {root.dir} was removed", hint="run the same command again")
        yield root
    finally:
        os.close(handle)


def sweep_roots(folder: Path, *, max_age_s: float, max_bytes: int) -> tuple[str, ...]:
    """Removes roots that were not used for `max_age_s`, and the oldest while all together exceed `max_bytes`.

    The names of those that went. Roots in use, and those asked for within the last ten minutes, stay in any case.
    """
    kept = []
    for place in folder.iterdir() if folder.is_dir() else ():
        record = place / MADE / RECORD
        if record.is_file():
            root = find_sealed(Root, record)
            kept.append((record.stat().st_mtime, root.size if root is not None else 0, place))
    total = sum(size for _, size, _ in kept)
    gone = []
    for used, size, place in sorted(kept):
        idle = clock.now() - used
        if (idle > max_age_s or total > max_bytes) and idle > min(GRACE_S, max_age_s) and _remove(place):
            total -= size
            gone.append(place.name)
    return tuple(gone)


def _remove(place: Path) -> bool:
    """Removes a root that nobody uses; the locks stay, as others may wait for them."""
    handle = os.open(place / USED, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        (place / MADE / RECORD).unlink(missing_ok=True)  # first, so that half a root never counts
        remove_tree(place / MADE)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True


def _inside(sandbox: Sandbox, target: Path, argv: Sequence[str], log: Path, run: Runner) -> None:
    """Runs a program of the host as root of a contained sandbox that may write to one folder, and to nothing else."""
    contained = replace(sandbox, writable=((target, TARGET),), contained=True)
    run(inside(contained, Command(argv=tuple(argv), log=log, timeout_s=TIMEOUT_S)))


def copy_root(base: Path, root: Path, log: Path, run: Runner) -> None:
    """A copy with all owners, modes, links and capabilities; blocks are shared where the file system can."""
    root.mkdir()
    argv = ("cp", "--archive", "--reflink=auto", "--no-target-directory", "/base", TARGET)
    _inside(Sandbox(read_only=((base, "/base"),)), root, argv, log, run)


def _install(packages: Sequence[RpmFile], root: Path, log: Path, database: str, run: Runner) -> None:
    """One rpm transaction. What the packages' scripts do, they do as root of the sandbox."""
    if os.geteuid() != 0:
        # An ordinary user could make one with the users of /etc/subuid, and could not remove it outside of a sandbox.
        raise ToolError("buildroots are made by root: their files belong to many users", hint="run as root")
    with temporary_dir(root.parent) as staged:
        files = [_stage(rpm, staged) for rpm in packages]
        (staged / "list").write_text("".join(f"{PACKAGES}/{name}\n" for name in files), encoding="utf-8")
        sandbox = Sandbox(read_only=((staged, PACKAGES),), change_root=TARGET)
        argv = (
            "rpm", "--root", TARGET, "--dbpath", database, "--nosignature", "--excludedocs",
            "--define", "_pkgverify_level none",  # the digests of the files were compared just now
            "--define", "_netsharedpath /proc:/sys:/dev",  # mounts of the sandbox, whose owners are of the host
            "--define", "_flush_io 0", "--define", "__plugindir /nonexistent",
            "-U", f"{PACKAGES}/list",
        )  # fmt: skip
        try:
            _inside(sandbox, root, argv, log, run)
        except ToolError as error:
            detail = error.problems[0].detail
            if "no space left" in error.problems[0].what:
                raise
            raise BuildError(
                f"the buildroot cannot be installed: {_reason(detail)}", detail=detail, hint=error.hint
            ) from error


def _stage(rpm: RpmFile, staged: Path) -> str:
    """A file that users of the sandbox can read and that is what its digest says; its name."""
    name = f"{rpm.sha256[:16]}-{rpm.file_name}"
    target = staged / name
    if not rpm.path.is_file():
        raise NotFoundError(
            f"the package {rpm.path} is not there", hint="run the same command again: it is fetched or built"
        )
    if rpm.path.stat().st_mode & stat.S_IROTH:
        link_or_copy(rpm.path, target)
    else:
        shutil.copyfile(rpm.path, target)
    if sha256_file(target) != rpm.sha256:
        raise TrustError(f"{rpm.path} is not the package it should be", hint="remove it and run again: it is made anew")
    return name


def _reason(output: str) -> str:
    lines = [line.strip() for line in output.splitlines()]
    told = [line for line in lines if line.startswith(("error:", "boatyard:")) or "is needed by" in line]
    return told[0].removeprefix("error: ") if told else "rpm failed"
