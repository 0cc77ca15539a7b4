"""A project small enough to be built in seconds, and the command run on it as a user runs it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.spec_file import SPEC

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
LEAVE_S = 30
PATIENCE_S = 120  # for a machine that is busy with other things
LOCAL = ("hull", "keel")
PROJECT = """\
[project]
default-distro = {{ name = "yard", version = "1" }}
[distros.yard.versions.1]
release-ver = "1"
[channels.base]
[default-package-config.publish]
rpm-channel = "base"
[seeds.debian]
suites = ["trixie"]
keyring = "{keyring}"
[components.sail]
spec = {{ type = "deb", source = "sail", binaries = ["sail", "sail-data"] }}
"""


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass
class SmallYard:
    """`project` and `home` are the folders of one user; `enter` words put the command into another mount namespace.

    `view` is the folder through which that namespace's files are seen from here.
    """

    project: Path
    home: Path
    mirror: str
    enter: tuple[str, ...] = ()
    view: Path = Path("/")
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def write(self, keyring: Path) -> None:
        """The project: a seed component of two packages and two local specs."""
        text = PROJECT.format(keyring=keyring)
        text += f"[buildroot]\nbootstrap = {list(LOCAL)}\n"  # they only pack files
        for name in LOCAL:
            text += f'[components.{name}]\nspec = {{ type = "local", path = "{name}/{name}.spec" }}\n'
            folder = self.seen(self.project / name)
            folder.mkdir(parents=True)
            (folder / f"{name}.spec").write_text(SPEC.format(name=name, release="1", tags="", install=""))
        self.seen(self.project / "boatyard.toml").write_text(text)

    def seen(self, path: Path) -> Path:
        """Where this process sees a file of the yard."""
        return self.view / path.relative_to("/")

    @property
    def cache(self) -> Path:
        return self.seen(self.home / "cache/boatyard")

    @property
    def repo(self) -> Path:
        return self.seen(self.project / "out/repo")

    def forget_key(self) -> None:
        """Removes the signing key, so that the next run makes one."""
        shutil.rmtree(self.seen(self.home / "data"))

    def remove(self, name: str) -> None:
        """Removes a folder of the project."""
        shutil.rmtree(self.seen(self.project / name))

    def start(self, *words: str, **more: str) -> subprocess.Popen[bytes]:
        """The command, running; it is its process that the returned id names. `more`: environment variables."""
        env = os.environ | {"HOME": str(self.home), "BOATYARD_MIRROR": self.mirror}
        env |= {"XDG_CACHE_HOME": f"{self.home}/cache", "XDG_DATA_HOME": f"{self.home}/data", **more}
        argv = [*self.enter, "env", "--default-signal=INT", sys.executable, "-m", "boatyard", *words]
        argv += ["-C", str(self.project)]
        process = subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT)
        self.started.append(process)
        return process

    def close(self) -> None:
        """Ends what a failed test left running."""
        for process in self.started:
            process.kill()
            process.communicate()

    def run(self, *words: str, **more: str) -> Done:
        return finish(self.start(*words, **more))

    def build(self) -> Done:
        """Locks and builds everything, which must go well."""
        for words in (("component", "update", "-a"), ("repo", "build")):
            done = self.run(*words)
            assert done.code == 0, done.err
        return done


def finish(process: subprocess.Popen[bytes]) -> Done:
    out, err = process.communicate(timeout=PATIENCE_S)
    return Done(process.returncode, out.decode(), err.decode())


def assert_told(done: Done, code: int, *words: str) -> None:
    """The command ended with an exit code and an error for people that holds the words."""
    assert done.code == code, done.err
    for word in words:
        assert word in done.err, done.err
    assert "Traceback" not in done.err
    assert "bug in Boatyard" not in done.err
    assert "  hint: " in done.err, "it says how to mend it"


def wait_for(what: Callable[[], object]) -> None:
    """Returns when `what` becomes true."""
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)


def wait_for_none(folder: Path) -> None:
    """Returns when no process has to do with a folder any more."""
    deadline = time.monotonic() + LEAVE_S
    while left := processes_of(folder):
        assert time.monotonic() < deadline, left
        time.sleep(0.01)


def processes_of(folder: Path) -> dict[int, str]:
    """The command lines of all processes that have to do with a folder: by arguments, working folder or mounts."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        try:
            words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            traces = [words, str((entry / "cwd").readlink()), (entry / "mountinfo").read_text()]
        except OSError:
            continue  # it has ended meanwhile
        if state != "Z" and any(str(folder) in trace for trace in traces):
            found[int(entry.name)] = words
    return found
