"""The store of build results: whole or absent, and verified."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from boatyard.artifact.build_result import BuildInputs, BuildResult, RpmFile
from boatyard.artifact.codec import to_json
from boatyard.base.digest import sha256_bytes
from boatyard.base.error import BuildError, ToolError
from boatyard.base.nevra import Evr
from boatyard.build.depot import Depot, record_name
from boatyard.build.store import BuildStore

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "ab" * 32
INPUTS = BuildInputs(definition={"spec": "1" * 64})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[BuildStore]:
    with Depot.open(tmp_path / "store") as depot:
        yield BuildStore(depot)


def package(path: Path, content: bytes, arch: str = "noarch") -> RpmFile:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    evr = Evr("1", "2", 3)
    return RpmFile(path=path, name="a", evr=evr, arch=arch, size=len(content), sha256=sha256_bytes(content))


def add(store: BuildStore, work: Path, content: bytes = b"rpm") -> BuildResult:
    rpm, srpm = package(work / "a.rpm", content), package(work / "a.src.rpm", b"source " + content, "src")
    (work / "log").write_text("built")
    return store.add("a", KEY, (rpm,), work / "log", 0.0, srpm=srpm, inputs=INPUTS)


def test_what_is_added_is_found(store: BuildStore, tmp_path: Path) -> None:
    assert store.find(KEY) is None
    added = add(store, tmp_path / "work")
    assert store.find(KEY) == added
    assert added.rpms[0].path.read_bytes() == b"rpm"
    assert added.rpms[0].path.samefile(tmp_path / "work/a.rpm"), "linked, not copied"
    assert added.rpms[0].evr == Evr("1", "2", 3)
    assert added.rpms[0].file_name == "a-1-2.noarch.rpm"
    assert added.srpm is not None
    assert added.srpm.path.read_bytes() == b"source rpm"
    assert added.inputs == INPUTS
    assert store.depot.fetch(added.log).read_text() == "built"


def test_another_process_finds_it(store: BuildStore, tmp_path: Path) -> None:
    added = add(store, tmp_path / "work")
    with Depot.open(tmp_path / "store") as other:
        assert BuildStore(other).find(KEY) == added


def test_a_record_holds_no_path_of_this_machine(store: BuildStore, tmp_path: Path) -> None:
    add(store, tmp_path / "work")
    assert str(tmp_path).encode() not in store.depot.local.path(record_name(KEY)).read_bytes()


@pytest.mark.parametrize("which", ["rpm", "srpm"])
@pytest.mark.parametrize("damage", [b"rpX", b"", None])
def test_damaged_result_is_not_used(store: BuildStore, tmp_path: Path, which: str, damage: bytes | None) -> None:
    added = add(store, tmp_path / "work")
    assert added.srpm is not None
    path = added.rpms[0].path if which == "rpm" else added.srpm.path
    path.unlink()
    if damage is not None:
        path.write_bytes(damage)
    assert store.find(KEY) is None
    again = add(store, tmp_path / "work")
    assert again == store.find(KEY)
    assert again.rpms == added.rpms


def test_the_first_result_stands(store: BuildStore, tmp_path: Path) -> None:
    first = add(store, tmp_path / "work")
    assert add(store, tmp_path / "other", b"not reproducible") == first
    assert store.find(KEY) == first


def test_a_result_that_lost_a_package_gives_way_to_another(store: BuildStore, tmp_path: Path) -> None:
    add(store, tmp_path / "work").rpms[0].path.unlink()
    added = add(store, tmp_path / "other", b"not reproducible")
    assert added.rpms[0].path.read_bytes() == b"not reproducible"
    assert store.find(KEY) == added


def test_a_package_that_changed_since_it_was_looked_at_is_refused(store: BuildStore, tmp_path: Path) -> None:
    rpm = package(tmp_path / "work/a.rpm", b"rpm")
    rpm.path.write_bytes(b"something else")
    (tmp_path / "log").touch()
    with pytest.raises(ToolError, match="changed while it was stored"):
        store.add("a", KEY, (rpm,), tmp_path / "log", 0.0)
    assert store.find(KEY) is None


@pytest.mark.parametrize("changes", [{"name": "../a"}, {"name": "a b"}, {"arch": "x/y"}, {"name": "a" * 300}])
def test_a_package_that_is_called_oddly_is_not_stored(
    store: BuildStore, tmp_path: Path, changes: dict[str, str]
) -> None:
    rpm = structs.replace(package(tmp_path / "work/a.rpm", b"rpm"), **changes)
    with pytest.raises(BuildError, match="zlib builds a package with a name that packages do not have"):
        store.add("zlib", KEY, (rpm,), tmp_path / "log", 0.0)
    assert store.depot.record(KEY) is None


def test_two_packages_of_one_name_are_not_stored(store: BuildStore, tmp_path: Path) -> None:
    rpms = (package(tmp_path / "work/a.rpm", b"rpm"), package(tmp_path / "work/b.rpm", b"other"))
    with pytest.raises(BuildError, match=r"zlib builds a-1-2\.noarch\.rpm twice"):
        store.add("zlib", KEY, rpms, tmp_path / "log", 0.0)
    assert store.depot.record(KEY) is None


def test_the_former_layout_is_swept(tmp_path: Path) -> None:
    kept = "ac" + "0" * 62
    with Depot.open(tmp_path / "store") as depot:
        depot.put_record(KEY, b"now")
        depot.put_record(kept, b"now")
    for key in (KEY, "ca" * 32, "ac" * 32):
        former = tmp_path / "store" / key[:2] / key
        former.mkdir(parents=True)
        (former / "result.json").write_text("{}")
    (tmp_path / "store/.tmp-killed").mkdir()
    with Depot.open(tmp_path / "store") as depot:
        assert (depot.record(KEY), depot.record(kept)) == (b"now", b"now")
        assert sorted(path.name for path in (tmp_path / "store").iterdir()) == ["ac", "tmp", "use.lock"]
        assert sorted(path.name for path in (tmp_path / "store/ac").iterdir()) == ["ab", "ac"]


def forged(store: BuildStore, **changes: object) -> bytes:
    content = b"hostile"
    sha256 = store.depot.put_bytes(content)
    rpm = RpmFile(path=Path("/etc/passwd"), name="a", evr=Evr("", "1", 1), arch="noarch", size=7, sha256=sha256)
    result = BuildResult(component="a", key=KEY, rpms=(rpm,), seconds=1.0)
    if "component" in changes or "key" in changes:
        return to_json(structs.replace(result, **changes))
    return to_json(structs.replace(result, rpms=(structs.replace(rpm, **changes),)))


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "../../../etc/cron.d/x"},
        {"name": "-a"},
        {"name": "a\nb"},
        {"name": ""},
        {"arch": "x/../../y"},
        {"evr": Evr("", "1/2", 1)},
        {"size": 8},
        {"size": -1},
        {"sha256": "0" * 64},
        {"sha256": "../../../etc/passwd"},
        {"sha256": ""},
        {"component": "../x"},
        {"key": "cd" * 32},
    ],
    ids=str,
)
def test_hostile_records_are_refused(store: BuildStore, changes: dict[str, object]) -> None:
    store.depot.put_record(KEY, forged(store, **changes))
    assert store.find(KEY) is None


def test_the_path_in_a_record_is_not_believed(store: BuildStore) -> None:
    store.depot.put_record(KEY, forged(store, name="a"))
    found = store.find(KEY)
    assert found is not None
    assert found.rpms[0].path.read_bytes() == b"hostile"


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b"\xff", b'{"component": 1}'])
def test_records_that_are_no_result_are_refused(store: BuildStore, data: bytes) -> None:
    store.depot.put_record(KEY, data)
    assert store.find(KEY) is None
