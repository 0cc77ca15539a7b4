"""The whole chain against the mirror that this machine's apt names."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boatyard.config.model.seed import DebSpec, Seed
from boatyard.ports.http import Fetcher
from boatyard.ports.progress import silent
from boatyard.sources.deb.download import fetch_debs
from boatyard.sources.deb.index import Wanted, read_index
from boatyard.sources.deb.lock import load_lock, plan_lock, save_lock
from boatyard.sources.deb.mirror import find_mirror
from boatyard.sources.deb.release import Trust
from boatyard.sources.store import ContentStore
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from boatyard.ports.run import HostRunner

pytestmark = [pytest.mark.network, pytest.mark.tool]


def test_from_the_mirror_to_verified_packages(tmp_path: Path, run: HostRunner) -> None:
    seed = Seed(suites=("trixie", "trixie-updates", "trixie-security"))
    mirror = find_mirror(environ=os.environ)
    store = ContentStore(tmp_path / "download", Fetcher())
    trust = Trust(Path(seed.keyring), now=time.time())
    started = time.monotonic()
    index = read_index(Wanted.of(seed, Arch.X86_64), mirror, trust, store, run)
    indexed = time.monotonic()
    assert len(index) > 60_000
    assert index.package("bash").version.startswith("5.2.")
    specs = {
        "bash": DebSpec(source="bash", binaries=("bash",)),
        "kernel": DebSpec(source="linux-signed-$arch", follow=("linux-image-cloud-$arch",)),
        "systemd": DebSpec(source="systemd", binaries=("systemd", "udev", "lib*")),
    }
    locks = [plan_lock(name, spec, index, Arch.X86_64) for name, spec in specs.items()]
    for lock in locks:
        save_lock(lock, tmp_path / "locks")
    assert [load_lock(tmp_path / "locks", lock.component, lock.arch) for lock in locks] == locks
    debs = fetch_debs(locks, mirror, store, silent(), lambda: index)
    ended = time.monotonic()
    assert debs["bash"]["bash"].read_bytes().startswith(b"!<arch>\ndebian-binary")
    assert any(name.startswith("linux-image-6.12.") for name in debs["kernel"])
    size = sum(deb.size for lock in locks for deb in lock.debs) / 1e6
    print(f"\nindex of {len(index)} packages {indexed - started:.2f} s, {size:.0f} MB of .debs {ended - indexed:.2f} s")
