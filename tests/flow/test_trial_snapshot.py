"""Snapshots of machines: found when whole, made again when not, bounded, private, and only for the same machine."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs

from boatyard.artifact.machine import Drive
from boatyard.artifact.provision import ProvisionRecord
from boatyard.artifact.trial_report import Contact
from boatyard.cli.main import main
from boatyard.cloud.fabric import Past
from boatyard.cloud.machine import CloudVm, DataDisk, Fault
from boatyard.cloud.state import Count, Phase, Report, State
from boatyard.flow.trial.key import snapshot_key
from boatyard.flow.trial.order import Order
from boatyard.flow.trial.snapshot import (
    DISK,
    KEY,
    RECORD,
    STATE,
    Below,
    Kept,
    Snapshot,
    find,
    keep,
    part,
    remove,
    snapshots,
    staging,
)
from boatyard.ports.progress import silent
from boatyard.trial.scenario import Egress, Limits
from boatyard.vm.checkpoint import Checkpoint
from boatyard.vm.running import Harbour

if TYPE_CHECKING:
    from collections.abc import Callable

    from boatyard.ports.run import HostRunner

PAST = Past(
    state=State(
        phase=Phase.READY,
        reports=(Report(agent="Cloud-Init/25.1", ready=True, at_s=31.5),),
        count=Count(dhcp=2, imds=3),
        imds_times=(30.0, 30.1),
    ),
    elapsed_s=62.5,
    contacts=(Contact(at_s=3.0, place="tcp 192.0.2.1:443", name="example.org"),),
)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "image.qcow2"
    path.write_bytes(b"image")
    return path


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache/trial"


def make(cache: Path, image: Path, key: str = "k1", *, content: bytes = b"state", max_bytes: int = 1 << 30) -> Snapshot:
    """Keeps a snapshot of a machine."""
    with staging(cache) as folder:
        (folder / STATE).write_bytes(content)
        (folder / DISK).write_bytes(b"layer")
        (folder / KEY).write_bytes(b"private")
        snapshot = Snapshot(
            key=key,
            machine="vm",
            below=Below.of(image),
            checkpoint=Checkpoint(size=len(content), sha256="0" * 64, unpacked=9),
            parts={name: part(folder / name) for name in (DISK, KEY)},
            public_key="ssh-ed25519 AAAA boatyard",
            past=PAST,
            record=ProvisionRecord(ready_s=31.5),
        )
        keep(snapshot, folder, cache, max_bytes)
    return snapshot


def only(cache: Path, key: str = "k1") -> Kept:
    (kept,) = find(key, cache)
    return kept


def test_what_was_kept_is_found_as_it_was(cache: Path, image: Path) -> None:
    made = make(cache, image)
    kept = only(cache)
    assert kept.snapshot == made
    assert kept.snapshot.past == PAST
    assert kept.state.read_bytes() == b"state"
    assert (kept.folder / DISK).read_bytes() == b"layer"
    assert list(find("other", cache)) == []
    assert list(find("k1", cache / "not there")) == []


def test_everything_is_for_this_user_only(cache: Path, image: Path) -> None:
    make(cache, image)
    kept = only(cache)
    assert cache.stat().st_mode & 0o777 == 0o700
    assert kept.folder.stat().st_mode & 0o777 == 0o700
    for name in (RECORD, DISK, KEY):
        assert (kept.folder / name).stat().st_mode & 0o077 == 0, name


def test_a_newer_one_takes_the_place_of_an_older_one(cache: Path, image: Path) -> None:
    make(cache, image)
    old = only(cache)
    with old.state.open("rb") as held:  # by a machine that is being restored
        make(cache, image, content=b"newer")
        assert held.read() == b"state"
    assert only(cache).state.read_bytes() == b"newer"
    assert not old.folder.exists()


def test_two_that_are_made_at_once_do_not_meet(cache: Path, image: Path) -> None:
    with staging(cache) as one, staging(cache) as two:
        assert one != two
        make(cache, image)
        (one / STATE).write_bytes(b"x")
    only(cache)


def damage(kept: Kept, image: Path, how: str) -> None:
    if how in (STATE, DISK, KEY):
        os.truncate(kept.folder / how, 1)
    elif how == "same size":
        (kept.folder / DISK).write_bytes(b"lAyer")
    elif how == "missing":
        (kept.folder / KEY).unlink()
    elif how == "record":
        text = (kept.folder / RECORD).read_text()
        (kept.folder / RECORD).write_text(text.replace("31.5", "31.6"))
    elif how == "no record":
        (kept.folder / RECORD).unlink()
    elif how == "image changed":
        os.utime(image, (1, 1))
    else:
        image.unlink()


HARM = (STATE, DISK, KEY, "same size", "missing", "record", "no record", "image changed", "image gone")


@pytest.mark.parametrize("how", HARM)
def test_a_damaged_one_is_not_found_and_goes_away(how: str, cache: Path, image: Path) -> None:
    make(cache, image)
    kept = only(cache)
    damage(kept, image, how)
    assert list(find("k1", cache)) == []
    assert not kept.folder.exists()


def test_the_longest_unused_go_when_there_is_no_room(cache: Path, image: Path) -> None:
    for number, key in enumerate(("a", "b", "c")):
        make(cache, image, key, content=bytes(1 << 20))
        os.utime(only(cache, key).folder, (number, number))
    size = max(kept.size for kept in snapshots(cache))
    assert size >= 1 << 20
    only(cache, "a")  # is used
    make(cache, image, "d", content=bytes(1 << 20), max_bytes=3 * size)
    assert [kept.snapshot.key for kept in snapshots(cache)] == ["d", "a", "c"]
    make(cache, image, "e", content=bytes(1 << 20), max_bytes=1)
    assert snapshots(cache) == []


def test_one_can_be_removed(cache: Path, image: Path) -> None:
    make(cache, image)
    kept = only(cache)
    remove(kept)
    remove(kept)
    assert snapshots(cache) == []
    assert [path.name for path in cache.rglob("*") if path.is_file()] == ["lease.lock"]


def test_they_are_listed_and_removed_by_a_command(
    cache: Path, image: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BOATYARD_CACHE", str(cache.parent))
    assert main(["trial", "snapshots", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    make(cache, image)
    kept = only(cache)
    assert main(["trial", "snapshots", "-o", "json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["machine"], told["image"], told["folder"]) == ("vm", str(image), str(kept.folder))
    assert told["size"] > 0
    assert main(["trial", "snapshots"]) == 0
    assert str(image) in capsys.readouterr().out
    assert main(["trial", "snapshots", "--remove"]) == 0
    assert not kept.folder.exists()


def test_what_a_killed_trial_left_is_swept(cache: Path, image: Path) -> None:
    left = cache / "staging/.tmp-dead/snapshot"
    left.mkdir(parents=True)
    (left / STATE).write_bytes(b"half")
    with staging(cache):
        assert not left.exists()


@pytest.fixture
def order(image: Path) -> Order:
    return Order(vm=CloudVm(name="vm"), disk=Drive(path=image, format="qcow2"), image="1" * 64)


@pytest.fixture
def key_of(tmp_path: Path, run: HostRunner) -> Callable[..., str]:
    harbour = Harbour(run, silent(), tmp_path / "scratch")
    return lambda order, **changes: snapshot_key(replace(order, **changes), harbour)


OTHERS: tuple[dict[str, Any], ...] = (
    {"image": "2" * 64},
    {"disk": Drive(path=Path("/elsewhere.qcow2"), format="qcow2")},
    {"vm": CloudVm(name="vm", custom_data=b"#cloud-config\n")},
    {"vm": CloudVm(name="vm", public_keys=("ssh-ed25519 AAAA a",))},
    {"vm": CloudVm(name="vm", generation="gen1")},
    {"vm": CloudVm(name="vm", data_disks=(DataDisk(name="d", lun=0, size_gib=1),))},
    {"memory_mib": 2048},
    {"cpus": 2},
    {"egress": Egress(policy="none")},
    {"supplied": "other repositories"},
    {"credentials": {"tmpfiles.extra": b""}},
)


@pytest.mark.tool
def test_what_makes_another_machine_makes_another_key(order: Order, key_of: Callable[..., str]) -> None:
    keys = [key_of(order), *(key_of(order, **changes) for changes in OTHERS)]
    assert all(keys)
    assert len(set(keys)) == len(keys)


@pytest.mark.tool
def test_what_differs_in_each_run_does_not_count(order: Order, key_of: Callable[..., str]) -> None:
    one = replace(order, host_ports=frozenset({4711}), credentials={"tmpfiles.extra": b"http://10.1.0.1:4711"})
    two = replace(order, host_ports=frozenset({815}), credentials={"tmpfiles.extra": b"http://10.1.0.1:815"})
    assert key_of(one) == key_of(two, limits=Limits(boot="1 min")) != ""


@pytest.mark.tool
def test_troubles_are_gone_through_each_time(order: Order, key_of: Callable[..., str]) -> None:
    faulty = structs.replace(order.vm, fault=Fault(imds_throttled=1))
    assert key_of(order, vm=faulty) == ""
    assert key_of(order, pool=order.vm) == ""
    assert key_of(order, image="") == ""
    assert key_of(order, data=(order.disk,)) == ""
