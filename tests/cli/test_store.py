"""`boatyard store`: what is kept, whether it is whole, what can go."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from boatyard.base.error import ConfigError
from boatyard.build.depot import Depot, object_name, record_name
from boatyard.cli.main import main
from boatyard.flow.depot import open_depot
from boatyard.ports import clock

if TYPE_CHECKING:
    from pathlib import Path

OLD, NEW = "ab" * 32, "cd" * 32


@pytest.fixture
def builds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with two records that share an object, and one object that no record names."""
    monkeypatch.setenv("BOATYARD_CACHE", str(tmp_path))
    for name in ("BOATYARD_STORE", "BOATYARD_STORE_READ_ONLY", "BOATYARD_STORE_SECRET_FILE"):
        monkeypatch.delenv(name, raising=False)
    with Depot.open(tmp_path / "build") as depot:
        both = depot.put_bytes(b"both")
        depot.put_record(OLD, b"old", [depot.put_bytes(b"of old"), both])
        depot.put_record(NEW, b"new", [depot.put_bytes(b"of new"), both])
        depot.put_bytes(b"of nobody")
    return tmp_path / "build"


def later(days: float, monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.now() + days * 86_400
    monkeypatch.setattr(clock, "now", lambda: now)


def test_show_counts(builds: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["store", "show", "-o", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["store"], told["objects"], told["records"], told["objects-size"]) == (str(builds), 4, 2, 25)
    assert main(["store", "show"]) == 0
    assert "4, 25 B" in capsys.readouterr().out


def test_show_a_record(builds: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["store", "show", "ab", "-o", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["key"], told["data"], len(told["objects"])) == (OLD, "old", 2)
    assert main(["store", "show", "ef"]) == 9
    assert "no record whose key begins with 'ef'" in capsys.readouterr().err
    (builds / record_name(OLD)).write_bytes(b"x")
    assert main(["store", "show", "ab"]) == 9
    assert "cannot be relied on" in capsys.readouterr().err


def test_nothing_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("BOATYARD_CACHE", str(tmp_path))
    for verb in ("show", "verify", "gc"):
        assert main(["store", verb]) == 0
    assert "nothing to free" in capsys.readouterr().out


def test_verify(builds: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["store", "verify"]) == 0
    assert capsys.readouterr().out.startswith("4 objects and 2 records are whole")
    with Depot.open(builds) as depot:
        digest = depot.put_bytes(b"of old")
    (builds / object_name(digest)).write_bytes(b"of olX")
    assert main(["store", "verify"]) == 8
    told = capsys.readouterr().err
    assert "1 of 6 objects and records" in told
    assert f"{object_name(digest)}: its content has the digest" in told
    assert "--remove" in told
    assert (builds / object_name(digest)).exists()
    assert main(["store", "verify", "--remove"]) == 8
    assert not (builds / object_name(digest)).exists()
    assert main(["store", "verify"]) == 8, "the record names what is gone now"
    assert main(["store", "verify", "--remove"]) == 8
    assert main(["store", "verify"]) == 0


def test_gc_tells_first_and_removes_when_told(
    builds: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["store", "gc"]) == 0
    assert "nothing to free" in capsys.readouterr().out
    later(40, monkeypatch)
    before = sorted(path for path in builds.rglob("*") if path.is_file())
    assert main(["store", "gc", "--keep", NEW]) == 0
    assert "would free" in (told := capsys.readouterr().out)
    assert "1 records and 2 objects; 3 stay" in told
    assert sorted(path for path in builds.rglob("*") if path.is_file()) == before
    assert main(["store", "gc", "--keep", NEW, "--yes"]) == 0
    assert capsys.readouterr().out.startswith("freed ")
    with Depot.open(builds) as depot:
        assert depot.record(OLD) is None
        assert depot.record(NEW) == b"new"
    assert main(["store", "verify"]) == 0


def test_gc_does_not_race_a_build(
    builds: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    later(40, monkeypatch)
    with Depot.open(builds):
        assert main(["store", "gc", "--yes"]) == 4
    assert "is in use by a run that builds" in capsys.readouterr().err
    with Depot.open(builds) as depot:
        assert depot.record(OLD) == b"old"


@pytest.mark.parametrize("words", [["--days", "-1"], ["--days", "nan"], ["--keep", "ab"]])
def test_gc_refuses(builds: Path, words: list[str]) -> None:
    assert main(["store", "gc", "--yes", *words]) in (2, 9)


def test_the_shared_store(builds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    address = f"file://{shared}"
    with open_depot(builds, environ={"BOATYARD_STORE": address}) as depot:
        assert depot.record(OLD) == b"old"
    assert main(["store", "show", "--at", address, "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["records"] == 1
    assert main(["store", "verify", "--at", address]) == 0
    assert main(["store", "gc", "--at", address, "--days", "1"]) == 2
    assert "may be in use by other machines" in capsys.readouterr().err


def test_secret(builds: Path, tmp_path: Path) -> None:
    shared, secret = tmp_path / "shared", tmp_path / "secret"
    shared.mkdir()
    secret.write_text("0123456789abcdef\n")
    secret.chmod(0o600)
    environ = {"BOATYARD_STORE": f"file://{shared}", "BOATYARD_STORE_SECRET_FILE": str(secret)}
    with open_depot(builds, environ=environ) as depot:
        assert depot.record(OLD) == b"old"
    assert b'"keyed":true' in (shared / record_name(OLD)).read_bytes()
    with open_depot(tmp_path / "stranger", environ={"BOATYARD_STORE": f"file://{shared}"}) as stranger:
        assert stranger.record(OLD) is None


@pytest.mark.parametrize(
    ("content", "mode", "told"), [("short", 0o600, "too short"), ("x" * 32, 0o644, "other users"), (None, 0, "cannot")]
)
def test_secret_that_is_none(builds: Path, tmp_path: Path, content: str | None, mode: int, told: str) -> None:
    secret = tmp_path / "secret"
    if content is not None:
        secret.write_text(content)
        secret.chmod(mode)
    with pytest.raises(ConfigError, match=told):
        open_depot(builds, environ={"BOATYARD_STORE_SECRET_FILE": str(secret)})
