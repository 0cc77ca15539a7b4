"""ISO 9660 as xorriso writes it, and as an enemy would."""

from __future__ import annotations

import hashlib
import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boatyard.base.error import ImageError
from boatyard.image.iso9660 import SECTOR, read_volume
from boatyard.ports.run import Command, HostRunner

pytestmark = pytest.mark.tool

LONG = "n" * 250  # its Rock Ridge name goes on in a continuation area
FILES = {
    "a.txt": b"one",
    "empty": b"",
    f"deep/er/still/{LONG}": b"long",
    "Name With Spaces ü": b"x" * 5000,
    **{f"many/file-{number:03}": str(number).encode() for number in range(100)},  # a folder of several sectors
}


@pytest.fixture(scope="module")
def iso(tmp_path_factory):
    folder = tmp_path_factory.mktemp("iso")
    for name, data in FILES.items():
        (folder / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "tree" / name).write_bytes(data)
    target = folder / "made.iso"
    argv = ("xorriso", "-as", "mkisofs", "-quiet", "-V", "MADE-1", "-R", "-J", "-iso-level", "3", "-o", str(target))
    HostRunner()(Command(argv=(*argv, "--modification-date=2026010203040500", str(folder / "tree"))))
    return target


def test_files_by_their_rock_ridge_names(iso):
    volume = read_volume(iso)
    assert (volume.label, volume.changed, volume.gpt_id) == ("MADE-1", "2026010203040500", None)
    assert {name: volume.read(name, 5000) for name in volume.files} == FILES
    assert volume.sha256("a.txt") == hashlib.sha256(b"one").hexdigest()
    assert volume.read("nothing", 10) is None
    with pytest.raises(ImageError, match=r"a\.txt in .* has 3 bytes, more than it can have"):
        volume.read("a.txt", 2)


def test_names_without_rock_ridge(iso, tmp_path, run):
    (tmp_path / "PLAIN.TXT").write_text("plain")
    target = tmp_path / "plain.iso"
    argv = ("xorriso", "-rockridge", "off", "-outdev", str(target), "-map", str(tmp_path / "PLAIN.TXT"), "/PLAIN.TXT")
    run(Command(argv=argv))
    assert read_volume(target).read("PLAIN.TXT", 5) == b"plain"


def test_identity_of_the_partition_table(iso, tmp_path):
    identity = uuid.UUID("01234567-89ab-cdef-0123-456789abcdef")
    data = bytearray(iso.read_bytes())
    data[512:520], data[568:584] = b"EFI PART", identity.bytes_le
    (tmp_path / "gpt.iso").write_bytes(data)
    assert read_volume(tmp_path / "gpt.iso").gpt_id == identity


@pytest.mark.parametrize("data", [b"", b"\0" * 40_000, b"CD001" * 10_000])
def test_no_iso(tmp_path, data):
    (tmp_path / "x.iso").write_bytes(data)
    with pytest.raises(ImageError, match=r"x\.iso is not an ISO image"):
        read_volume(tmp_path / "x.iso")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damage_is_told_and_nothing_is_read_elsewhere(iso, tmp_path, data):
    whole = iso.read_bytes()
    last = min(len(whole), 400 * SECTOR) - 1
    spoilt = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(16 * SECTOR, last))
        spoilt[place : place + 4] = data.draw(st.binary(min_size=1, max_size=4))
    (tmp_path / "x.iso").write_bytes(spoilt[: data.draw(st.sampled_from([len(spoilt), last, 20 * SECTOR]))])
    size = (tmp_path / "x.iso").stat().st_size
    try:
        volume = read_volume(tmp_path / "x.iso")
    except ImageError:
        return
    for name, file in volume.files.items():
        assert ".." not in name.split("/")
        assert not name.startswith("/")
        assert all(offset + length <= size for offset, length in file.extents)


def test_a_folder_in_itself_ends(iso, tmp_path):
    data = bytearray(iso.read_bytes())
    root = int.from_bytes(data[16 * SECTOR + 158 : 16 * SECTOR + 162], "little")
    found = data.index(b"DEEP", root * SECTOR)
    data[found - 31 : found - 27] = root.to_bytes(4, "little")
    (tmp_path / "x.iso").write_bytes(data)
    with pytest.raises(ImageError, match=r"is damaged: (folders are nested too deeply|there are too many files)"):
        read_volume(tmp_path / "x.iso")
