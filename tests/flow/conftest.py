from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

import pytest
from tests.flow.mount import Mounts, mount_namespace
from tests.flow.published import published
from tests.flow.small_yard import SmallYard
from tests.sources.conftest import signers
from tests.sources.deb_archive import Signer, Suite
from tests.web_server import Web, serve, serving, web

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["serve", "signers", "web"]


@pytest.fixture(scope="session")
def archive(signers: Callable[..., Signer]) -> tuple[dict[str, bytes], Signer]:
    """The files of a Debian archive with the packages of one source, and who signs them."""
    made, signer, web = Suite(date=time.time() - 3600), signers("archive"), Web()
    made.add("sail", "1.2-3", source="sail", filler=200_000).add("sail-data", "1.2-3", source="sail")
    made.publish(web, signer)
    return web.files, signer


@pytest.fixture
def yard(tmp_path: Path, web: Web, archive: tuple[dict[str, bytes], Signer], calm: Calm) -> Iterator[SmallYard]:
    """A project that was never built; its signing key is there, because making one takes long."""
    web.files |= archive[0]
    made = SmallYard(tmp_path / "yard", tmp_path / "home", f"{web.url}/debian")
    made.write(archive[1].keyring)
    shutil.copytree(calm.data, made.home / "data")
    yield made
    made.close()


class Calm:
    """What an undisturbed run publishes, and the data folder (with the signing key) that it left."""

    def __init__(self, yard: SmallYard) -> None:
        self.expected = published(yard.repo)
        self.data = yard.home / "data"


@pytest.fixture(scope="session")
def calm(
    tmp_path_factory: pytest.TempPathFactory,
    archive: tuple[dict[str, bytes], Signer],
    quiet_web: Web,
) -> Calm:
    folder = tmp_path_factory.mktemp("calm")
    yard = SmallYard(folder / "yard", folder / "home", f"{quiet_web.url}/debian")
    yard.write(archive[1].keyring)
    yard.build()
    return Calm(yard)


@pytest.fixture(scope="session")
def quiet_web(archive: tuple[dict[str, bytes], Signer]) -> Iterator[Web]:
    """The archive, served for as long as the tests go on."""
    with serving() as web:
        web.files |= archive[0]
        yield web


@pytest.fixture
def mounts() -> Iterator[Mounts]:
    """A mount namespace for one test."""
    with mount_namespace() as made:
        yield made
