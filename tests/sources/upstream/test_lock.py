"""Lock files of upstream components: azldev's format, byte for byte."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from boatyard.base.error import ConfigError
from boatyard.sources.upstream.lock import Lock, load_lock, load_pins, resolution_hash, save_lock, save_pins

if TYPE_CHECKING:
    from pathlib import Path

COMMIT = "0123456789" * 4
TEXT = f"""\
# Managed by boatyard component update. Do not edit manually.
version = 1
import-commit = '{COMMIT}'
upstream-commit = '{COMMIT}'
manual-bump = 2
input-fingerprint = 'boatyard-1:ab'
resolution-input-hash = 'sha256:cd'
"""


def test_a_lock_is_written_and_read(tmp_path: Path) -> None:
    lock = Lock(
        import_commit=COMMIT, upstream_commit=COMMIT, manual_bump=2, input_fingerprint="boatyard-1:ab",
        resolution_input_hash="sha256:cd",
    )  # fmt: skip
    save_lock(lock, tmp_path, "a")
    assert (tmp_path / "a.lock").read_text() == TEXT
    assert load_lock(tmp_path, "a") == lock
    assert load_lock(tmp_path, "b") is None


def test_what_is_empty_is_left_out(tmp_path: Path) -> None:
    save_lock(Lock(input_fingerprint="boatyard-1:ab"), tmp_path, "a")
    assert (tmp_path / "a.lock").read_text().splitlines()[1:] == ["version = 1", "input-fingerprint = 'boatyard-1:ab'"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version = 2\n", "version 2"),
        ("version = 1\nupstream-commit = 'HEAD'\n", "damaged"),
        ("version = 1\nmanual-bump = -1\n", "damaged"),
        ("version = 1\nunknown = 1\n", "damaged"),
        ('version = 1\ninput-fingerprint = "a\'\\nb"\n', "damaged"),
        ("<<<<<<< HEAD\nversion = 1\n", "merge conflict"),
        ("version = ", "damaged"),
        ("\udcff", "damaged"),
        ("a = " + "[" * 5000, "damaged"),
        ("#" * (2 << 20), "longer than"),
    ],
)
def test_damaged_locks_are_told(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "a.lock").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigError, match=said):
        load_lock(tmp_path, "a")


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.lock").mkdir()
    (tmp_path / "b.lock").symlink_to("b.lock")
    for name, why in (("a", "Is a directory"), ("b", "Too many levels of symbolic links")):
        with pytest.raises(ConfigError, match=f"{name}.lock cannot be read: {why}"):
            load_lock(tmp_path, name)


def test_the_hash_of_what_chooses_a_commit() -> None:
    """The records of the format: length, label, length, value; for each label, in this order, empty ones too."""
    records = (
        b"8:snapshot=20:2026-02-24T00:00:00Z\n11:distro_name=6:fedora\n14:distro_version=2:43\n"
        b"15:dist_git_branch=3:f43\n17:dist_git_base_uri=4:a://\n19:upstream_commit_pin=0:\n13:upstream_name=2:\xc3\xa9\n"
    )
    made = resolution_hash(
        snapshot="2026-02-24T00:00:00Z", distro_name="fedora", distro_version="43", dist_git_branch="f43",
        dist_git_base_uri="a://", upstream_name="é",
    )  # fmt: skip
    assert made == "sha256:" + hashlib.sha256(records).hexdigest()


def test_pins_are_written_and_read(tmp_path: Path) -> None:
    save_pins({"1" * 32: ("a" * 128, "old file.tgz"), "0" * 32: ("b" * 128, "x")}, tmp_path, "a")
    assert load_pins(tmp_path, "a") == {"1" * 32: "a" * 128, "0" * 32: "b" * 128}
    save_pins({}, tmp_path, "a")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "a.digests").write_text("# one\n\nx\n")
    with pytest.raises(ConfigError, match="damaged") as caught:
        load_pins(tmp_path, "a")
    assert "a.digests:3" in str(caught.value)
