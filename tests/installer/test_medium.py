"""A medium: what it says of itself, and that no changed byte of what is installed goes unseen."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
from typing import TYPE_CHECKING

import pytest

from boatyard_installer.error import MediumError
from boatyard_installer.medium import Medium, read_medium, verify_medium
from boatyard_installer.run import HostRun

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROOT = {
    "schema": 1,
    "image": "tiny",
    "name": "Skiff Linux",
    "version": "1.0",
    "title": "Skiff Linux 1.0",
    "arch": "x86_64",
    "kernel": "6.12.1-1.x86_64",
    "size": 90000,
    "occupied": 98304,
    "inodes": 12,
}
PLACES = 100


def a_medium(folder: Path) -> Path:
    """A small medium, not signed."""
    content = {
        "live/root.json": json.dumps(ROOT).encode(),
        "live/root.squashfs": random.Random(1).randbytes(90000),
        "live/layers/installer.squashfs": random.Random(2).randbytes(5000),
        "boot/vmlinuz": random.Random(3).randbytes(4000),
        "boot/initrd.img": random.Random(4).randbytes(6000),
        "repo/repodata/repomd.xml": b"<repomd/>\n",
        "repo/alpha.rpm": b"alpha\n",
    }
    for name, data in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    write_sums(folder, list(content))
    return folder


def write_sums(folder: Path, names: list[str]) -> None:
    lines = [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in sorted(names)]
    (folder / "SHA256SUMS").write_text("".join(lines))


class Key:
    """A GnuPG home with one key."""

    def __init__(self, folder: Path, name: str) -> None:
        self._home = folder / name
        self._home.mkdir(mode=0o700)
        self.public = folder / f"RPM-GPG-KEY-{name}"
        self._gpg("--passphrase", "", "--quick-generate-key", f"{name} <{name}@localhost>", "ed25519", "sign")
        self.public.write_bytes(self._gpg("--export", "--armor"))

    def sign(self, medium: Path) -> None:
        (medium / "SHA256SUMS.asc").write_bytes(
            self._gpg("--detach-sign", "--armor", "--output", "-", str(medium / "SHA256SUMS"))
        )

    def close(self) -> None:
        subprocess.run(["gpgconf", "--homedir", str(self._home), "--kill", "all"], check=True)

    def _gpg(self, *argv: str) -> bytes:
        command = ["gpg", "--homedir", str(self._home), "--batch", "--quiet", "--pinentry-mode", "loopback", *argv]
        return subprocess.run(command, check=True, capture_output=True).stdout


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> object:
    folder = tmp_path_factory.mktemp("k")
    pair = Key(folder, "yard"), Key(folder, "stranger")
    yield pair
    for key in pair:
        key.close()


@pytest.fixture
def signed(tmp_path: Path, keys: tuple[Key, Key]) -> Path:
    folder = a_medium(tmp_path / "medium")
    keys[0].sign(folder)
    return folder


def verify(folder: Path, key: Path, report: Callable[[float], None] = lambda part: None) -> dict[str, str]:
    return verify_medium(read_medium(folder), HostRun(lambda line: None), key, report)


def test_what_a_medium_says(tmp_path: Path) -> None:
    folder = a_medium(tmp_path)
    medium = read_medium(folder)
    assert medium == Medium(
        folder=folder,
        name="Skiff Linux",
        version="1.0",
        title="Skiff Linux 1.0",
        arch="x86_64",
        kernel="6.12.1-1.x86_64",
        occupied=98304,
        inodes=12,
    )
    assert medium.root.is_file()
    assert medium.repository.is_dir()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 60000, "not JSON"),
        (b'{"schema": 1, "inodes": ' + b"9" * 5000 + b"}", "not JSON"),
        (b"[]", "another schema"),
        (json.dumps({**ROOT, "schema": 2}).encode(), "another schema"),
        (json.dumps({**ROOT, "title": "a\n\x1b[2Jb"}).encode(), "'title'"),
        (json.dumps({**ROOT, "kernel": "../../etc"}).encode(), "'kernel'"),
        (json.dumps({**ROOT, "kernel": 6}).encode(), "'kernel'"),
        (json.dumps({**ROOT, "occupied": -1}).encode(), "'occupied'"),
        (json.dumps({**ROOT, "occupied": 1 << 60}).encode(), "'occupied'"),
        (json.dumps({**ROOT, "inodes": True}).encode(), "'inodes'"),
        (json.dumps({**ROOT, "inodes": 1.5}).encode(), "'inodes'"),
        (json.dumps({k: v for k, v in ROOT.items() if k != "arch"}).encode(), "'arch'"),
        (b" " * 70000, "longer than"),
    ],
)
def test_a_hostile_description(tmp_path: Path, text: bytes, told: str) -> None:
    folder = a_medium(tmp_path)
    (folder / "live/root.json").write_bytes(text)
    with pytest.raises(MediumError, match=told):
        read_medium(folder)


@pytest.mark.parametrize("name", ["live/root.json", "live/root.squashfs"])
@pytest.mark.parametrize("kind", ["missing", "link", "folder", "pipe"])
def test_no_file(tmp_path: Path, name: str, kind: str) -> None:
    path = a_medium(tmp_path / "medium") / name
    path.rename(tmp_path / "elsewhere")
    if kind == "link":
        path.symlink_to(tmp_path / "elsewhere")
    elif kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    with pytest.raises(MediumError, match=name):
        read_medium(tmp_path / "medium")


@pytest.mark.tool
def test_a_sound_medium(signed: Path, keys: tuple[Key, Key]) -> None:
    parts: list[float] = []
    digests = verify(signed, keys[0].public, parts.append)
    assert digests["live/root.squashfs"] == hashlib.sha256((signed / "live/root.squashfs").read_bytes()).hexdigest()
    assert parts == sorted(parts)
    assert parts[-1] == 1.0
    verify(signed, keys[0].public.parent)  # a folder of keys


@pytest.mark.tool
def test_every_flipped_byte_is_found(signed: Path, keys: tuple[Key, Key]) -> None:
    chance = random.Random(7)
    files = [path for path in sorted(signed.rglob("*")) if path.is_file() and path.suffix not in (".asc", ".rpm")]
    ends = [sum(path.stat().st_size for path in files[: number + 1]) for number in range(len(files))]
    # The root is most of the medium; the others get their share, so that each kind is hit.
    places = [chance.randrange(ends[-1]) for _ in range(PLACES // 2)]
    hits = [
        next((n, place - (ends[n - 1] if n else 0)) for n, end in enumerate(ends) if place < end) for place in places
    ]
    hits += [(n % len(files), chance.randrange(files[n % len(files)].stat().st_size)) for n in range(PLACES // 2)]
    for number, place in hits:
        sound = files[number].read_bytes()
        damaged = bytearray(sound)
        damaged[place] ^= 1 << chance.randrange(8)
        files[number].write_bytes(damaged)
        with pytest.raises(MediumError) as caught:
            verify(signed, keys[0].public)
        assert str(files[number].relative_to(signed)) in caught.value.what
        files[number].write_bytes(sound)
    verify(signed, keys[0].public)


@pytest.mark.tool
def test_what_is_not_signed_by_the_project(signed: Path, keys: tuple[Key, Key], tmp_path: Path) -> None:
    yard, stranger = keys
    with pytest.raises(MediumError, match="not signed by the project"):
        verify(signed, stranger.public)
    stranger.sign(signed)
    with pytest.raises(MediumError, match="not signed by the project"):
        verify(signed, yard.public)
    (signed / "SHA256SUMS.asc").write_bytes(b"")
    with pytest.raises(MediumError, match="not signed by the project"):
        verify(signed, yard.public)
    (signed / "SHA256SUMS.asc").unlink()
    with pytest.raises(MediumError, match=r"SHA256SUMS\.asc on the medium cannot be read"):
        verify(signed, yard.public)


@pytest.mark.tool
@pytest.mark.parametrize(
    ("left_out", "told"),
    [("live/root.squashfs", "live/root.squashfs"), ("live/root.json", "live/root.json")],
)
def test_what_has_no_digest(signed: Path, keys: tuple[Key, Key], left_out: str, told: str) -> None:
    lines = (signed / "SHA256SUMS").read_text().splitlines(keepends=True)
    (signed / "SHA256SUMS").write_text("".join(line for line in lines if left_out not in line))
    keys[0].sign(signed)
    with pytest.raises(MediumError, match=f"{told} on the medium is not in SHA256SUMS"):
        verify(signed, keys[0].public)


@pytest.mark.tool
def test_another_layer_beside_the_signed_ones(signed: Path, keys: tuple[Key, Key]) -> None:
    (signed / "live/more.squashfs").write_bytes(b"hsqs")
    with pytest.raises(MediumError, match=r"live/more\.squashfs on the medium is not in"):
        verify(signed, keys[0].public)


@pytest.mark.tool
def test_signed_names_that_lead_out(signed: Path, keys: tuple[Key, Key], tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    with (signed / "SHA256SUMS").open("a") as sums:
        sums.write(f"{hashlib.sha256(b'secret').hexdigest()}  live/../../secret\n")
    keys[0].sign(signed)
    with pytest.raises(MediumError, match="is a link"):
        verify(signed, keys[0].public)


@pytest.mark.parametrize(
    "text", ["", "no key", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n?\n-----END PGP PUBLIC KEY BLOCK-----"]
)
def test_a_key_that_is_none(tmp_path: Path, text: str) -> None:
    folder = a_medium(tmp_path / "medium")
    (folder / "SHA256SUMS.asc").write_bytes(b"")
    (tmp_path / "key").write_text(text)
    with pytest.raises(MediumError, match="key"):
        verify(folder, tmp_path / "key")
    with pytest.raises(MediumError, match="cannot be read"):
        verify(folder, tmp_path / "no-key")
