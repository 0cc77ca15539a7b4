"""Nothing stale is published: after any history of changes what is there is what a clean strict build gives.

Histories are random. After each change the project is built as somebody would who has built it before, now and then
interrupted, with a store that was swept, damaged or shared, and once more from nothing, strictly. Both must give the
same packages, or fail alike.
"""

from __future__ import annotations

import importlib
import os
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest
from tests.history import fake_build
from tests.history.small_distro import UPSTREAM, SmallDistro
from tests.sources.upstream.forge import Forge

from boatyard.base.digest import sha256_file
from boatyard.cli.main import main
from boatyard.ports.run import HostRunner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.web_server import Web

pytestmark = pytest.mark.tool
FORESEEN = (2, 3, 5, 8, 9)  # exit codes of a change that makes no sense, as a bump of what was never locked
MEMORY = Path("/dev/shm")
# What commands import when they run; here each runs in a process that begins as a copy of this one.
IMPORTED = ("cli.component_build", "cli.component_update", "cli.store", "flow.audit", "flow.build.run", "flow.store")


@dataclass
class Machine:
    """Somewhere the project is built: a cache and a folder for results. `told`: where commands write."""

    folder: Path
    project: Path
    told: Path

    def run(self, *words: str, strike: int = 0, store: str = "") -> int:
        """A command in a process of its own; its exit code. `strike`: see `fake_build.STRIKE`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        child = os.fork()
        if child:
            _, status = os.waitpid(child, 0)
            return os.waitstatus_to_exitcode(status)
        code = 99
        try:
            handle = os.open(self.told, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            os.dup2(handle, 1)
            os.dup2(handle, 2)
            os.environ |= {"BOATYARD_CACHE": str(self.folder / "cache"), fake_build.STRIKE: str(strike)}
            os.environ["BOATYARD_STORE"] = store
            os.write(1, f"$ {' '.join(words)} ({self.folder.name}, {strike})\n".encode())
            code = main([*words])
        finally:
            os._exit(code)

    def build(self, *words: str, strike: int = 0, store: str = "") -> int:
        place = ("-C", str(self.project), "--work", str(self.folder / "work"), "-q")
        return self.run("component", "build", "-a", *place, *words, strike=strike, store=store)

    def packages(self) -> dict[str, str]:
        """The digest of each package that was laid out, by component and name."""
        out = self.folder / "work/out/packages"
        return {str(path.relative_to(out)): sha256_file(path) for path in out.rglob("*.rpm")}


@dataclass
class History:
    """One history. `steps`: what was done, to be told when it goes wrong.

    `elsewhere`: options that build on workers.
    """

    folder: Path
    web: Web
    seed: int
    distro: SmallDistro = field(init=False)
    random: Random = field(init=False)
    steps: list[str] = field(default_factory=list)
    elsewhere: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.distro = SmallDistro(
            self.folder / "project", Forge(self.folder / "forge", HostRunner()), self.web, self.random
        )
        for name in UPSTREAM:
            self.distro.publish(name)
        self.distro.write()
        (self.folder / "shared").mkdir()
        self.machines = [self._machine("one"), self._machine("two")]
        self._command("component", "update", "-a")
        self.distro.commit()

    def _machine(self, name: str) -> Machine:
        return Machine(self.folder / name, self.distro.folder, self.folder / "told")

    def _command(self, *words: str) -> None:
        code = self.machines[0].run(*words, "-C", str(self.distro.folder), "-q")
        assert code in (0, *FORESEEN), self.tell(f"{words}: {code}")

    def step(self) -> None:
        """Changes something, builds, and compares."""
        for _ in range(self.random.choice([1, 1, 1, 2, 3])):
            what = self.distro.change()
            self.steps.append(what)
            self.distro.write()
            if what in ("update", "bump"):
                self._command("component", "update", "-a", *(["--bump"] if what == "bump" else []))
            if what in ("commit", "bump") or what.endswith(("comes", "goes")):
                self.distro.commit()
        self._compare()

    def _compare(self) -> None:
        machine, store = self.random.choice(self.machines), ""
        if self.random.random() < 0.5:
            store = f"file://{self.folder}/shared"
        plan = self.random.choice(["A", "A", "A", "C", "D"])
        how = self.random.choice([(), (), (), ("--strict",), ("--jobs", "1"), ("--audit", "50%")])
        if self.elsewhere and self.random.random() < 0.6:
            store, how = f"file://{self.folder}/shared", self.elsewhere
        self._trouble(machine)
        if self.random.random() < 0.3:
            code = machine.build("--plan", plan, *how, strike=self.random.randint(1, 60), store=store)
            self.steps.append(f"killed build: {code}")
        start = self._told().count("\n")
        code = machine.build("--plan", plan, *how, store=store)
        failures = self._failures(start)
        self.steps.append(f"build {' '.join(how)} plan {plan} on {machine.folder.name} {store and 'shared'}: {code}")
        clean = self._machine("clean")
        shutil.rmtree(clean.folder, ignore_errors=True)
        start = self._told().count("\n")
        expected = clean.build("--plan", plan, "--strict")
        assert (code, failures) == (expected, self._failures(start)), self.tell(f"it ends with {code}, not {expected}")
        if code:
            return
        there, wanted = machine.packages(), clean.packages()
        there = {name: digest for name, digest in there.items() if name.partition("/")[0] in self.distro.names()}
        wrong = sorted(name for name in there.keys() | wanted.keys() if there.get(name) != wanted.get(name))
        assert not wrong, self.tell(f"stale: {wrong}")

    def _trouble(self, machine: Machine) -> None:
        """What may happen to a store or a folder of results between two builds."""
        where = [machine.folder / "cache/build", self.folder / "shared"]
        objects = [path for folder in where for kind in ("cas", "ac") for path in folder.glob(f"{kind}/*/*")]
        what = self.random.randrange(12)
        if what == 0:
            self.steps.append("work removed")
            shutil.rmtree(machine.folder / "work", ignore_errors=True)
        elif what == 1 and objects:
            victims = self.random.sample(sorted(objects), min(5, len(objects)))
            self.steps.append(f"{len(victims)} objects damaged")
            for path in victims:
                data = bytearray(path.read_bytes())
                data[self.random.randrange(len(data))] ^= 1
                path.unlink()
                path.write_bytes(data)
        elif what == 2 and objects:
            self.steps.append("objects removed")
            for path in self.random.sample(sorted(objects), min(10, len(objects))):
                path.unlink()
        elif what == 3:
            self.steps.append(f"store gc: {machine.run('store', 'gc', '--days', '0', '--yes')}")
        elif what == 4:
            self.steps.append(f"store verify: {machine.run('store', 'verify', '--remove')}")

    def _told(self) -> str:
        told = self.folder / "told"
        return told.read_text() if told.exists() else ""

    def _failures(self, start: int) -> list[str]:
        """What commands have told of failures, from a line on."""
        return [line for line in self._told().splitlines()[start:] if line.startswith(("error:", "  |"))]

    def tell(self, what: str) -> str:
        """What went wrong, and how it came to be."""
        log = self._told().splitlines()[-40:]
        return "\n".join([f"seed {self.seed}: {what}", *self.steps[-15:], "", *log])


@pytest.fixture
def patched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder, in memory where that is possible: nothing here tests that anything is on a disk."""
    with tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as name:
        prepare(Path(name), monkeypatch)
        yield Path(name)


def prepare(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets commands of this process build by `fake_build`, with nothing of the user's."""
    (folder / "shown").mkdir()
    monkeypatch.setenv(fake_build.SHOWN, str(folder / "shown"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "none"))
    monkeypatch.setenv("XDG_DATA_HOME", str(folder / "data"))
    monkeypatch.delenv("BOATYARD_STORE", raising=False)
    fake_build.install(monkeypatch)
    for name in (*(f"boatyard.{one}" for one in IMPORTED), "createrepo_c", "solv"):
        importlib.import_module(name)


def go(folder: Path, web: Web, seed: int, count: int) -> None:
    history = History(folder / str(seed), web, seed)
    for _ in range(count):
        history.step()


@pytest.mark.parametrize("seed", [1, 2])
def test_a_history_leaves_nothing_stale(seed: int, patched: Path, web: Web) -> None:
    go(patched, web, seed, 8)


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(100, 140))
def test_many_histories_leave_nothing_stale(seed: int, patched: Path, web: Web) -> None:
    go(patched, web, seed, 40)
