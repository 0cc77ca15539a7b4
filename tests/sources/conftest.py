from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.sources.deb_archive import Signer, Suite
from tests.web_server import Web, serve, web

from boatyard.ports.http import Fetcher, Patience
from boatyard.ports.run import HostRunner
from boatyard.sources.deb.index import DebIndex, Wanted, read_index
from boatyard.sources.deb.mirror import Mirror
from boatyard.sources.deb.release import Trust
from boatyard.sources.store import ContentStore
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["serve", "web"]


@pytest.fixture(scope="session")
def signers() -> Iterator[Callable[..., Signer]]:
    """Makes keys, each once in a session, by name; the options are those of Signer."""
    # gpg's agent listens on a socket in its home, and the path of a socket is short.
    folder = Path(tempfile.mkdtemp(prefix="keys-"))
    run, made = HostRunner(), {}

    def signer(name: str, **options: str) -> Signer:
        if name not in made:
            made[name] = Signer(folder / name, run, **options)
        return made[name]

    yield signer
    for one in made.values():
        one.close()
    shutil.rmtree(folder)


@pytest.fixture
def signer(signers: Callable[..., Signer]) -> Signer:
    """The archive's key."""
    return signers("archive")


@pytest.fixture
def trust(signer: Signer) -> Trust:
    return Trust(signer.keyring, now=time.time())


@pytest.fixture
def suite(trust: Trust) -> Suite:
    """A suite of today with three packages."""
    made = Suite(date=trust.now - 3600, valid_until=trust.now + 86_400)
    made.add("bash", "5.2-1+b1", source="bash (5.2-1)", depends="libc6 (>= 2.38)")
    made.add("bash-doc", "5.2-1", source="bash")
    return made.add("libc6", "2.41-12", source="glibc")


@pytest.fixture
def store(tmp_path: Path) -> ContentStore:
    return ContentStore(tmp_path / "download", Fetcher(Patience(silence_s=10, attempts=2, pause_s=0.01)))


@pytest.fixture
def mirror(web: Web) -> Mirror:
    return Mirror((f"{web.url}/debian",), (f"{web.url}/debian-security",), "the test")


@pytest.fixture
def read(mirror: Mirror, trust: Trust, store: ContentStore, run: HostRunner) -> Callable[..., DebIndex]:
    """Reads the index of suites from the test's mirror."""

    def call(*suites: str) -> DebIndex:
        wanted = Wanted(suites=suites or ("trixie",), components=("main",), arch=Arch.X86_64)
        return read_index(wanted, mirror, trust, store, run)

    return call
