"""A depot with a shared store behind it: a folder, Azure Blob as Azurite serves it, S3 as Moto does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.build.azurite import CONTAINER, Azurite, running_azurite
from tests.build.moto import Moto, running_moto

from boatyard.base.digest import sha256_bytes
from boatyard.base.error import ConfigError, NotFoundError, SourceError
from boatyard.build.depot import Depot, object_name, record_name
from boatyard.build.depot_sweep import plan_sweep, sweep, verify
from boatyard.build.record import sealed
from boatyard.ports import clock
from boatyard.ports.objects import open_objects

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.tool
RECORD = "ab" * 32


@pytest.fixture(scope="module")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    with running_azurite(tmp_path_factory.mktemp("azurite")) as server:
        server.make_container()
        yield server


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    with running_moto(tmp_path_factory.mktemp("moto")) as server:
        yield server


@pytest.fixture(params=["folder", "azure", "s3"])
def address(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty shared store."""
    if request.param == "folder":
        (tmp_path / "shared").mkdir()
        return f"file://{tmp_path}/shared"
    if request.param == "s3":
        use(request.getfixturevalue("moto").environment(), monkeypatch)
        return f"s3://{CONTAINER}/{tmp_path.name}"
    use(request.getfixturevalue("azurite").environment(), monkeypatch)
    return f"az://{CONTAINER}/{tmp_path.name}"


def use(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("AZURE_", "AWS_")):
            monkeypatch.delenv(name)
    for name, value in environment.items():
        if name.startswith(("AZURE_", "AWS_")):
            monkeypatch.setenv(name, value)


def test_machines_share_results(address: str, tmp_path: Path) -> None:
    with Depot.open(tmp_path / "one", address) as one, Depot.open(tmp_path / "two", address) as two:
        digest = one.put_bytes(b"content")
        assert two.has(digest)
        assert two.record(RECORD) is None
        assert one.put_record(RECORD, b"data", [digest])
        assert two.record(RECORD) == b"data"
        assert two.fetch(digest).read_bytes() == b"content"
        assert not two.put_record(RECORD, b"other", [two.put_bytes(b"other")])
        assert two.record(RECORD) == b"data"
    with Depot.open(tmp_path / "two") as alone:
        assert alone.record(RECORD) == b"data"
        assert alone.fetch(digest).read_bytes() == b"content"


def test_what_was_made_without_a_shared_store_gets_there(address: str, tmp_path: Path) -> None:
    with Depot.open(tmp_path / "one") as one:
        one.put_record(RECORD, b"data", [one.put_bytes(b"content")])
    with Depot.open(tmp_path / "one", address) as one:
        assert one.record(RECORD) == b"data"
    with Depot.open(tmp_path / "two", address) as two:
        assert two.record(RECORD) == b"data"
        assert two.fetch(sha256_bytes(b"content")).read_bytes() == b"content"


def test_the_shared_record_has_the_last_word(address: str, tmp_path: Path) -> None:
    with Depot.open(tmp_path / "two") as alone:
        alone.put_record(RECORD, b"made alone")
    with Depot.open(tmp_path / "one", address) as one, Depot.open(tmp_path / "two", address) as two:
        one.put_record(RECORD, b"first", [one.put_bytes(b"x")])
        assert two.record(RECORD) == b"first"
    with Depot.open(tmp_path / "two") as alone:
        assert alone.record(RECORD) == b"first"


@pytest.mark.parametrize("content", [b"", b"conten", b"contenX", b"content and more"])
def test_damaged_shared_object_is_not_used_and_mended(address: str, tmp_path: Path, content: bytes) -> None:
    digest = sha256_bytes(b"content")
    with Depot.open(tmp_path / "one", address) as one:
        one.put_record(RECORD, b"data", [one.put_bytes(b"content")])
    open_objects(address).write(object_name(digest), content)
    with Depot.open(tmp_path / "two", address) as two:
        with pytest.raises(NotFoundError, match=f"have no object {digest}"):
            two.fetch(digest)
        assert not two.local.path(object_name(digest)).exists()
        assert two.put_bytes(b"content") == digest
    with Depot.open(tmp_path / "three", address) as three:
        assert three.fetch(digest).read_bytes() == b"content"


POISON = {
    "of another key": sealed("cd" * 32, b"poison", []),
    "empty": b"",
    "cut": sealed(RECORD, b"poison", [])[:-2],
    "no seal": b"poison",
    "wrong seal": sealed(RECORD, b"poisom", []).replace(b"poisom", b"poison"),
    "sealed with another secret": sealed(RECORD, b"poison", [], b"t" * 32),
}


@pytest.mark.parametrize("poison", POISON)
def test_poisoned_shared_record_is_not_read_and_mended(address: str, tmp_path: Path, poison: str) -> None:
    store = open_objects(address)
    store.write(record_name(RECORD), POISON[poison])
    with Depot.open(tmp_path / "one", address, secret=b"s" * 32) as one:
        assert one.record(RECORD) is None
        assert one.put_record(RECORD, b"data", [one.put_bytes(b"x")])
        assert one.record(RECORD) == b"data"
    with Depot.open(tmp_path / "two", address, secret=b"s" * 32) as two:
        assert two.record(RECORD) == b"data"


def test_writers_without_the_secret_are_not_believed(address: str, tmp_path: Path) -> None:
    with Depot.open(tmp_path / "stranger", address) as stranger:
        stranger.put_record(RECORD, b"poison", [stranger.put_bytes(b"x")])
    with Depot.open(tmp_path / "trusted", address, secret=b"s" * 32) as trusted:
        assert trusted.record(RECORD) is None
        assert trusted.put_record(RECORD, b"data", [trusted.put_bytes(b"y")])
    with Depot.open(tmp_path / "stranger", address) as stranger:
        stranger.put_record(RECORD, b"poison", [stranger.put_bytes(b"x")])
    with Depot.open(tmp_path / "trusted", address, secret=b"s" * 32) as trusted:
        assert trusted.record(RECORD) == b"data", "who has no secret leaves sealed records alone"


def test_read_only(address: str, tmp_path: Path) -> None:
    with Depot.open(tmp_path / "one", address, read_only=True) as one:
        assert one.put_record(RECORD, b"data", [one.put_bytes(b"x")])
        assert one.record(RECORD) == b"data"
    store = open_objects(address)
    assert [*store.list("ac"), *store.list("cas")] == []


def test_two_processes_create_one_record(address: str, tmp_path: Path) -> None:
    """Each of two processes tries to be first with its own data, a hundred times."""
    keys = [sha256_bytes(b"race %d" % number) for number in range(100)]
    script = (
        "import sys; from boatyard.ports.objects import open_objects; store = open_objects(sys.argv[1])\n"
        "for key in sys.stdin.read().split(): print(int(store.create(key, sys.argv[2].encode())))\n"
    )
    argv = [sys.executable, "-c", script, address]
    children = [
        subprocess.Popen([*argv, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for name in "ab"
    ]
    for child in children:
        assert child.stdin is not None
        child.stdin.write(" ".join(keys))
        child.stdin.close()
    won = [child.stdout.read().split() for child in children if child.stdout is not None]
    for child in children:
        assert child.wait(timeout=300) == 0
        assert child.stdout is not None
        child.stdout.close()
    store = open_objects(address)
    for key, a, b in zip(keys, *won, strict=True):
        assert (a, b) in (("1", "0"), ("0", "1")), "one of them was first"
        assert store.read(key, limit=9) == (b"a" if a == "1" else b"b"), "and what it wrote stands"


def test_verify_finds_damage(address: str, tmp_path: Path) -> None:
    with Depot.open(tmp_path / "one", address) as one:
        digests = [one.put_bytes(b"content %d" % number) for number in range(5)]
        one.put_record(RECORD, b"data", digests)
    store = open_objects(address)
    assert verify(store).damage == ()
    store.write(object_name(digests[0]), b"contenX 0")
    store.write(record_name(RECORD), b"x")
    assert {one.name for one in verify(store).damage} == {object_name(digests[0]), record_name(RECORD)}


def test_sweep_keeps_what_is_used(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, used, kept = ("01" * 32, "02" * 32, "03" * 32)
    with Depot.open(tmp_path / "one", address) as one:
        digests = [one.put_bytes(b"of %d" % number) for number in range(3)]
        both = one.put_bytes(b"of all")
        for key, digest in zip((old, used, kept), digests, strict=True):
            one.put_record(key, b"data", [digest, both])
    store = open_objects(address)
    assert plan_sweep(store, days=2).goes == ()
    with pytest.raises(ConfigError, match="younger than 2 days"):
        plan_sweep(store, days=1)
    real = clock.now()
    monkeypatch.setattr(clock, "now", lambda: real + 20 * 86_400)
    plan = plan_sweep(store, days=10, keep=[used, kept])
    assert {name for name, _ in plan.goes} == {record_name(old), object_name(digests[0])}
    assert sweep(store, plan) == plan.size
    with Depot.open(tmp_path / "two", address) as two:
        assert two.record(old) is None
        assert two.record(used) == b"data"
        assert two.fetch(both).read_bytes() == b"of all"
    assert verify(store).damage == ()


def test_sweep_spares_what_is_used_meanwhile(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Depot.open(tmp_path / "one", address) as one:
        digest = one.put_bytes(b"content")
        one.put_record(RECORD, b"data", [digest])
    store = open_objects(address)
    real = clock.now()
    monkeypatch.setattr(clock, "now", lambda: real + 20 * 86_400)
    plan = plan_sweep(store, days=10)
    assert len(plan.goes) == 2
    clock.sleep(1.1)  # dates of stores have a second
    with Depot.open(tmp_path / "two", address) as two:
        assert two.record(RECORD) == b"data"
        two.put_bytes(b"content")
    assert sweep(store, plan) == 0
    assert verify(store).records == 1


def test_sweep_of_a_folder_takes_what_killed_writers_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shared/tmp").mkdir(parents=True)
    (tmp_path / "shared/tmp/.tmp-left").touch()
    store = open_objects(f"file://{tmp_path}/shared")
    sweep(store, plan_sweep(store, days=2))
    assert (tmp_path / "shared/tmp/.tmp-left").exists(), "its writer may be at work"
    real = clock.now()
    monkeypatch.setattr(clock, "now", lambda: real + 3 * 86_400)
    sweep(store, plan_sweep(store, days=2))
    assert not (tmp_path / "shared/tmp/.tmp-left").exists()


@pytest.mark.parametrize("where", ["cas", "ac"])
def test_a_folder_that_cannot_be_read_is_told(tmp_path: Path, where: str) -> None:
    """A name that leads in a circle is refused to root too."""
    address = f"file://{tmp_path}/shared"
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / where).symlink_to(tmp_path / "shared" / where)
    with Depot.open(tmp_path / "one", address) as one, pytest.raises(SourceError, match="cannot be read"):
        _ = one.fetch(RECORD) if where == "cas" else one.record(RECORD)


def test_many_processes_share_a_store(address: str, tmp_path: Path) -> None:
    child = Path(__file__).with_name("depot_child.py")
    argv = [sys.executable, str(child)]
    children = [
        subprocess.Popen(
            [*argv, str(tmp_path / f"depot{number % 2}"), str(number), "6", address],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        for number in range(4)
    ]
    for one in children:
        output, _ = one.communicate(timeout=600)
        assert one.returncode == 0, output
    verified = verify(open_objects(address))
    assert verified.damage == ()
    assert verified.records > 0
