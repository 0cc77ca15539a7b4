"""A cache and a work folder of a test's own, and Skiff's source components built in them by the command.

A site starts from what another cache holds, by hard links: packages of the seed are not made again, and results that
are to be built are left out. Buildroots are made anew, or used where they are: they cannot be moved.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boatyard.base.digest import sha256_file
from boatyard.build.depot import object_name
from boatyard.build.record import named_objects
from boatyard.graph.journal import read_lines
from boatyard.ports.files import link_or_copy

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from boatyard.graph.journal import Line

TIMEOUT_S = 3600
KEPT = ("download", "facts", "images", "iso", "interface-1", "interface-2")  # of a cache, besides results and roots


@dataclass(frozen=True, slots=True)
class Site:
    """`folder` holds all of it. `enter`: words before every command; `env`: what its environment has besides.

    `project`: options that name the project; Skiff without.
    """

    folder: Path
    enter: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    project: tuple[str, ...] = ()

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    @property
    def work(self) -> Path:
        return self.folder / "work"

    def start(self, *words: str, **options: Any) -> subprocess.Popen[str]:
        """Starts a command that takes the options of builds."""
        self.folder.mkdir(parents=True, exist_ok=True)
        env = os.environ | {"BOATYARD_CACHE": str(self.cache)} | self.env
        argv = [*self.enter, sys.executable, "-m", "boatyard", *words]
        told = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT} | options
        return subprocess.Popen(argv, cwd=self.folder, env=env, text=True, start_new_session=True, **told)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end; both of its streams are in `stdout`."""
        with self.start(*words) as process:
            output, _ = process.communicate(timeout=TIMEOUT_S)
        return subprocess.CompletedProcess(words, process.returncode, output)

    def building(self, *words: str) -> tuple[str, ...]:
        """The words of `component build`."""
        return ("component", "build", *words, *self.project, "--work", str(self.work))

    def build(self, *words: str) -> str:
        """Builds components; AssertionError with all it said when that fails."""
        done = self.run(*self.building(*words))
        assert done.returncode == 0, done.stdout
        return done.stdout

    def digests(self, *components: str) -> dict[str, str]:
        """The SHA-256 of every package that was laid out, source packages too; of some components, or of all."""
        packages = self.work / "out/packages"
        rpms = (rpm for rpm in sorted(packages.rglob("*.rpm")) if not components or rpm.parent.name in components)
        return {rpm.name: sha256_file(rpm) for rpm in rpms}

    def journal(self) -> list[Line]:
        """All lines of all runs in the work folder."""
        path = self.work / "work/build.jsonl"
        return list(read_lines(path)) if path.is_file() else []

    def built(self) -> list[str]:
        """The nodes that were built, once for each time."""
        return sorted(line.node for line in self.journal() if line.event == "done")

    def temporaries(self) -> list[str]:
        """What builds were writing."""
        tasks = (path for path in (self.cache / "build/tmp").glob("task/*") if path.name != "lease.lock")
        return sorted(map(str, [*tasks, *self.cache.rglob(".tmp-*"), *self.work.rglob(".tmp-*")]))

    def processes(self) -> list[str]:
        """The command lines of living processes that name the folder, but for this one."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            except OSError:
                continue
            if str(self.folder) in line and path.parent.name != str(os.getpid()):
                found.append(line)
        return found

    def mounts(self) -> list[str]:
        """Mounts below the folder, in this process's namespace."""
        return [line for line in Path("/proc/self/mounts").read_text().splitlines() if f" {self.folder}/" in line]


def new_site(
    folder: Path, like: Site, *, without: Collection[str] = (), roots: bool = False, project: tuple[str, ...] = ()
) -> Site:
    """A site with the locks and the cache of another, but for what was found out and built of some components.

    `roots`: use the other's buildroots, where they are.
    """
    site = Site(folder, project=project)
    fill_cache(site.cache, like.cache, lambda record: record.get("component") not in without)
    if roots:
        (site.cache / "buildroot").symlink_to(like.cache / "buildroot")
    take_locks(site, like)
    return site


def take_locks(site: Site, like: Site) -> None:
    """Gives a site the locks of another."""
    shutil.copytree(like.work / "locks", site.work / "locks")


def fill_cache(target: Path, source: Path, wanted: Callable[[dict[str, Any]], bool]) -> None:
    """Gives a cache what another holds: downloads, and of the records those that are wanted, with their objects."""
    for record in (source / "build/ac").glob("*/*"):
        raw = record.read_bytes()
        if not wanted(content(raw)):
            continue
        _take(record, target / record.relative_to(source))
        for sha256 in named_objects(raw):
            _take(source / "build" / object_name(sha256), target / "build" / object_name(sha256))
    for name in KEPT:
        for path in (source / name).rglob("*"):
            if path.is_file() and not path.is_symlink():
                _take(path, target / path.relative_to(source))


def content(raw: bytes) -> dict[str, Any]:
    """What a record of the depot says; empty when it is no table."""
    try:
        found = json.loads(raw.partition(b"\n")[2])
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def is_seed(record: dict[str, Any]) -> bool:
    """Whether a record is of packages that the host made, which have no source package."""
    return "rpms" in record and not record.get("srpm")


def forget(site: Site, components: Collection[str]) -> None:
    """Takes all that is known of some components, and what was laid out and written down, out of a site."""
    for record in (site.cache / "build/ac").glob("*/*"):
        if content(record.read_bytes()).get("component") in components:
            record.unlink()
    for name in ("work", "out", "log"):
        shutil.rmtree(site.work / name, ignore_errors=True)


def _take(source: Path, target: Path) -> None:
    if source.is_file() and not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        link_or_copy(source, target)
