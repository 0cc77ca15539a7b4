"""Downloads of locked .debs: right or refused, kept or fetched again, whatever happens on the way."""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.sources.deb_archive import Suite

from boatyard.base.error import SourceError, TrustError
from boatyard.config.model.seed import DebSpec
from boatyard.ports.http import Fetcher, Patience
from boatyard.ports.progress import Reporter, silent
from boatyard.sources.deb.download import fetch_debs
from boatyard.sources.deb.index import DebIndex
from boatyard.sources.deb.lock import DebLock, plan_lock, save_lock
from boatyard.sources.store import ContentStore
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from tests.web_server import Handler, Web

    from boatyard.base.event import Event
    from boatyard.sources.deb.mirror import Mirror

CHILD = Path(__file__).with_name("fetch_child.py")


@pytest.fixture(scope="module")
def debs() -> Suite:
    """A suite with a source package `tools` of twenty packages, one of them larger than the others."""
    suite = Suite()
    for number in range(19):
        suite.add(f"tool{number}", "1.0-1", source="tools", filler=20_000)
    return suite.add("tool-data", "1.0-1", source="tools", filler=2_000_000)


@pytest.fixture
def lock(debs: Suite, web: Web) -> DebLock:
    """The lock of all of them, on a server that has them."""
    web.files |= {f"/debian/{path}": deb for path, deb in debs.debs.items()}
    return plan_lock("tools", DebSpec(source="tools", binaries=("*",)), index_of(debs), Arch.X86_64)


def index_of(suite: Suite) -> DebIndex:
    index = DebIndex()
    index.add(suite.packages(), "trixie")
    return index


def path_of(lock: DebLock, package: str) -> str:
    return next(f"/debian/{deb.path}" for deb in lock.debs if deb.package == package)


def objects(store: ContentStore) -> list[Path]:
    """Everything in the store's folder that is a file."""
    return sorted(path for path in store.path("00").parents[2].rglob("*") if path.is_file())


def is_right(store: ContentStore) -> bool:
    """Whether every object is what its name says; temporary files are no objects."""
    found = [path for path in objects(store) if not path.name.startswith(".tmp-")]
    return all(hashlib.sha256(path.read_bytes()).hexdigest() == path.name for path in found)


def no_index() -> DebIndex:
    raise AssertionError("the index is not needed")


def test_all_packages_arrive(lock: DebLock, debs: Suite, mirror: Mirror, store: ContentStore, web: Web) -> None:
    events: list[Event] = []
    files = fetch_debs([lock], mirror, store, Reporter(events.append), no_index)
    assert sorted(files["tools"]) == sorted(deb.package for deb in lock.debs)
    assert {path.read_bytes() for path in files["tools"].values()} == set(debs.debs.values())
    assert len(web.connections) <= 8
    assert (events[-1].done, events[-1].total) == (20, 20)


def test_what_is_there_is_not_fetched_again(lock: DebLock, mirror: Mirror, store: ContentStore, web: Web) -> None:
    first = fetch_debs([lock], mirror, store, silent(), no_index)
    web.requests.clear()
    web.files.clear()
    later = ContentStore(store.path("00").parents[2], Fetcher())
    assert fetch_debs([lock], mirror, later, silent(), no_index) == first
    assert web.requests == []


def test_a_damaged_object_is_fetched_again(lock: DebLock, mirror: Mirror, store: ContentStore, web: Web) -> None:
    files = fetch_debs([lock], mirror, store, silent(), no_index)
    damaged = files["tools"]["tool7"]
    content = damaged.read_bytes()
    damaged.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    files["tools"]["tool8"].write_bytes(b"short")
    files["tools"]["tool9"].unlink()
    web.requests.clear()
    later = ContentStore(store.path("00").parents[2], Fetcher())
    assert fetch_debs([lock], mirror, later, silent(), no_index) == files
    assert sorted(web.requests) == [path_of(lock, f"tool{number}") for number in (7, 8, 9)]
    assert is_right(later)


def test_a_changed_package_is_refused(lock: DebLock, mirror: Mirror, store: ContentStore, web: Web) -> None:
    path = path_of(lock, "tool3")
    web.files[path] = web.files[path][:-1] + b"!"
    with pytest.raises(TrustError, match=r"tool3_1\.0-1_amd64\.deb is not the file that was promised"):
        fetch_debs([lock], mirror, store, silent(), no_index)
    assert is_right(store)
    assert not [p for p in objects(store) if p.name.startswith(".tmp-")]


def test_another_good_package_in_its_place_is_refused(
    lock: DebLock, mirror: Mirror, store: ContentStore, web: Web
) -> None:
    web.files[path_of(lock, "tool3")] = web.files[path_of(lock, "tool4")]
    with pytest.raises(TrustError):
        fetch_debs([lock], mirror, store, silent(), no_index)


def test_a_redirect_loop_is_refused(lock: DebLock, mirror: Mirror, store: ContentStore, web: Web) -> None:
    path = path_of(lock, "tool3")
    web.behaviours[path] = lambda handler: handler.answer(302, Location=path)
    with pytest.raises(SourceError, match="redirects"):
        fetch_debs([lock], mirror, store, silent(), no_index)


def test_a_locked_version_that_left_the_mirror(
    lock: DebLock, debs: Suite, mirror: Mirror, store: ContentStore, web: Web
) -> None:
    del web.files[path_of(lock, "tool3")]
    newer = Suite().add("tool3", "1.0-2", source="tools")
    with pytest.raises(SourceError) as error:
        fetch_debs([lock], mirror, store, silent(), lambda: index_of(newer))
    assert "component tools: tool3 1.0-1 has left the mirror; the mirror has 1.0-2 now" in str(error.value)
    assert error.value.hint == "lock what the mirror has now: `boatyard component update tools`"
    assert len(objects(store)) == 19, "the others were downloaded"


def test_all_that_left_the_mirror_is_told_at_once(lock: DebLock, mirror: Mirror, store: ContentStore, web: Web) -> None:
    del web.files[path_of(lock, "tool3")], web.files[path_of(lock, "tool4")]
    with pytest.raises(SourceError, match="2 locked packages are no longer on the mirror") as error:
        fetch_debs([lock], mirror, store, silent(), DebIndex)
    assert "tool4 1.0-1 has left the mirror; the mirror has no such package now" in str(error.value)


def test_a_second_mirror_helps_out(lock: DebLock, mirror: Mirror, store: ContentStore, web: Web) -> None:
    object.__setattr__(mirror, "main", (f"{web.url}/first", f"{web.url}/debian"))
    assert len(fetch_debs([lock], mirror, store, silent(), no_index)["tools"]) == 20


def test_a_mirror_that_cannot_be_reached(lock: DebLock, mirror: Mirror, tmp_path: Path) -> None:
    object.__setattr__(mirror, "main", ("http://127.0.0.1:1/debian",))
    store = ContentStore(tmp_path, Fetcher(Patience(attempts=2, pause_s=0.01)))
    with pytest.raises(SourceError, match=r"127.0.0.1:1 cannot be reached") as error:
        fetch_debs([lock], mirror, store, silent(), no_index)
    assert error.value.temporary
    assert objects(store) == []


@pytest.mark.parametrize("percent", [0, 1, 33, 66, 99])
def test_killed_in_the_middle_it_goes_on(
    percent: int, lock: DebLock, mirror: Mirror, store: ContentStore, web: Web, tmp_path: Path
) -> None:
    reached, killed = threading.Event(), threading.Event()

    def halfway(handler: Handler) -> None:
        content = web.files[handler.path]
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[: len(content) * percent // 100])
        reached.set()
        killed.wait(60)

    save_lock(lock, tmp_path)
    web.behaviours[path_of(lock, "tool-data")] = halfway
    with a_child(web, store, tmp_path) as child:
        try:
            assert reached.wait(60)
            while percent and not received_something(store):
                time.sleep(0.01)
        finally:
            child.kill()
    killed.set()
    web.behaviours.clear()
    assert is_right(store)
    here = {path.name for path in objects(store)}
    web.requests.clear()
    fetch_debs([lock], mirror, store, silent(), no_index)
    assert is_right(store)
    # Requests of the killed process may still come out of the server's queue, for files that are missing as well.
    assert len(set(web.requests)) == 20 - len(here & {deb.sha256 for deb in lock.debs}), "only what was missing"


def test_what_a_killed_run_left_is_swept_when_it_is_old(store: ContentStore) -> None:
    old, young = (store.path(name * 64).parent / f".tmp-{name}" for name in "ab")
    for path in (old, young):
        path.parent.mkdir(parents=True)
        path.touch()
    os.utime(old, (time.time() - 90_000,) * 2)
    ContentStore(store.path("00").parents[2], Fetcher())
    assert not old.exists()
    assert young.exists()


def test_two_processes_at_once(lock: DebLock, store: ContentStore, web: Web, tmp_path: Path) -> None:
    save_lock(lock, tmp_path)
    children = [a_child(web, store, tmp_path) for _ in range(3)]
    assert [child.wait(120) for child in children] == [0, 0, 0]
    assert sorted(path.name for path in objects(store)) == sorted(deb.sha256 for deb in lock.debs)
    assert is_right(store)


def a_child(web: Web, store: ContentStore, locks: Path) -> subprocess.Popen[bytes]:
    folder = store.path("00").parents[2]
    return subprocess.Popen([sys.executable, CHILD, f"{web.url}/debian", folder, locks, "tools"])


def received_something(store: ContentStore) -> bool:
    """Whether a download has begun to write its temporary file."""
    with contextlib.suppress(FileNotFoundError):  # another one was completed just now
        return any(path.name.startswith(".tmp-") and path.stat().st_size for path in objects(store))
    return False
