"""The medium: what it installs, and whether it is what its maker signed.

`SHA256SUMS` has the digests of all files of the medium, `SHA256SUMS.asc` its signature by the project's key; the key
is in the running system, which the same signature covers. So a damaged medium is found before anything is written.
Whoever replaces the whole medium replaces the key as well: against that, compare the ISO's own digest or use Secure
Boot.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import re
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boatyard_installer.error import MediumError, StepError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from boatyard_installer.run import Run

SCHEMA = 1
ROOT_JSON, ROOT, SUMS, SIGNATURE = "live/root.json", "live/root.squashfs", "SHA256SUMS", "SHA256SUMS.asc"
# What the installation reads or has been started from. The packages are signed each by itself.
CHECKED = re.compile(r"live/.+|boot/.+|repo/repodata/.+")
SUM = re.compile(r"([0-9a-f]{64})  ([^\s/].*)")
ARMOUR = re.compile(
    r"-----BEGIN PGP PUBLIC KEY BLOCK-----[ \t]*\r?\n(.*?)-----END PGP PUBLIC KEY BLOCK-----", re.DOTALL
)
WORD = re.compile(r"[A-Za-z0-9 ._/()+~-]{1,80}")  # as image/medium.py writes them
KERNEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+~-]{0,127}")
MAX_TEXT, MAX_SUMS, MAX_KEY = 1 << 16, 4 << 20, 1 << 20
MAX_NUMBER = 1 << 50
BUFFER = 1 << 20
GPGV_S = 120
AGAIN = "write the medium again, from an ISO whose digest you have compared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Medium:
    """What live/root.json says. `folder`: where the medium is mounted; `occupied`: bytes that the root takes in blocks
    of 4 KiB; `inodes`: files and folders in it.
    """

    folder: Path
    name: str
    version: str
    title: str
    arch: str
    kernel: str
    occupied: int
    inodes: int

    @property
    def root(self) -> Path:
        """The root to install."""
        return self.folder / ROOT

    @property
    def repository(self) -> Path:
        """The packages on the medium; need not be there."""
        return self.folder / "repo"


def read_medium(folder: Path) -> Medium:
    """The medium mounted at a folder; MediumError when it is none of Boatyard's. Its signature is not checked yet."""
    text = _read(folder, ROOT_JSON, MAX_TEXT)
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MediumError(f"{ROOT_JSON} on the medium is damaged: not JSON", hint=AGAIN) from error
    if not isinstance(told, dict) or told.get("schema") != SCHEMA:
        raise MediumError(
            f"{ROOT_JSON} on the medium has another schema than {SCHEMA}",
            hint="use the installer of the same version as the medium",
        )
    _open(folder, ROOT).close()
    return Medium(
        folder=folder,
        name=_word(told, "name", WORD),
        version=_word(told, "version", WORD),
        title=_word(told, "title", WORD),
        arch=_word(told, "arch", KERNEL),
        kernel=_word(told, "kernel", KERNEL),
        occupied=_number(told, "occupied"),
        inodes=_number(told, "inodes"),
    )


def verify_medium(medium: Medium, run: Run, key: Path, report: Callable[[float], None]) -> dict[str, str]:
    """Checks the signature of the digests, then the digests of what is installed; MediumError names what is wrong.
    Gives the SHA-256 of each file that was checked.

    `key`: the project's armoured public key, or a folder of RPM-GPG-KEY-*; `report`: takes the part done, 0 to 1.
    """
    sums_text = _read(medium.folder, SUMS, MAX_SUMS)
    _check_signature(run, _keyring(key), sums_text, _read(medium.folder, SIGNATURE, MAX_TEXT))
    sums = {name: digest for name, digest in _sums(sums_text).items() if CHECKED.fullmatch(name)}
    present = {f"live/{path.name}" for path in (medium.folder / "live").glob("*.squashfs")}
    if unlisted := sorted({ROOT, ROOT_JSON, *present} - sums.keys()):
        raise MediumError(f"{unlisted[0]} on the medium is not in {SUMS}: it is not signed", hint=AGAIN)
    _check_digests(medium.folder, sums, report)
    return sums


def _check_digests(folder: Path, sums: dict[str, str], report: Callable[[float], None]) -> None:
    total = done = 0
    for name in sums:
        with _open(folder, name) as file:
            total += os.fstat(file.fileno()).st_size
    buffer = memoryview(bytearray(BUFFER))
    for name, expected in sums.items():
        digest = hashlib.sha256()
        with _open(folder, name) as file:
            try:
                while length := file.readinto(buffer):
                    digest.update(buffer[:length])
                    done += length
                    report(min(done / total, 1.0))
            except OSError as error:
                raise _unreadable(name, error) from error
        if digest.hexdigest() != expected:
            raise MediumError(f"{name} on the medium is not what {SUMS} says: it is damaged", hint=AGAIN)
    report(1.0)


def _check_signature(run: Run, keyring: bytes, data: bytes, signature: bytes) -> None:
    """gpgv(1) on copies in a private folder, so that what was checked is what is used."""
    with tempfile.TemporaryDirectory(prefix="boatyard-gpgv-") as name:
        private = Path(name)
        for file, content in (("key", keyring), ("signature", signature), ("data", data)):
            (private / file).write_bytes(content)
        argv = ("gpgv", "--homedir", name, "--keyring", f"{name}/key", "--weak-digest", "SHA1")
        try:
            # A machine without a battery for its clock may well live before the signature was made.
            run(*argv, "--ignore-time-conflict", f"{name}/signature", f"{name}/data", timeout_s=GPGV_S)
        except StepError as error:
            detail = error.detail or error.what
            raise MediumError(
                f"{SUMS} on the medium is not signed by the project", detail=detail, hint=AGAIN
            ) from error


def _keyring(key: Path) -> bytes:
    """The binary keys that gpgv wants, from armoured ones (RFC 4880, 6.2)."""
    files: Iterable[Path] = sorted(key.glob("RPM-GPG-KEY-*")) if key.is_dir() else (key,)
    found = []
    for file in files:
        try:
            with file.open("rb") as opened:
                text = opened.read(MAX_KEY).decode("ascii", "replace")
        except OSError as error:
            raise MediumError(f"the project's key {file} cannot be read: {error.strerror}", hint=AGAIN) from error
        found += [_dearmour(file, block) for block in ARMOUR.findall(text)]
    if not found:
        raise MediumError(f"{key} has no armoured public key", hint=AGAIN)
    return b"".join(found)


def _dearmour(file: Path, block: str) -> bytes:
    """Headers as far as the empty line, base64, a check sum that begins with `=`."""
    lines = [line.strip() for line in block.splitlines()]
    start = lines.index("") + 1 if "" in lines else 0
    try:
        return base64.b64decode("".join(line for line in lines[start:] if not line.startswith("=")), validate=True)
    except binascii.Error as error:
        raise MediumError(f"the project's key {file} is damaged", hint=AGAIN) from error


def _sums(text: bytes) -> dict[str, str]:
    sums = {}
    for line in text.decode("utf-8", "replace").splitlines():
        found = SUM.fullmatch(line)
        if not found:
            raise MediumError(f"{SUMS} on the medium is damaged: {line[:80]!r}", hint=AGAIN)
        sums[found[2]] = found[1]
    return sums


def _open(folder: Path, name: str) -> Any:
    """A regular file of the medium, unbuffered. Links are not followed anywhere: the medium has none of its own."""
    path = folder / name
    try:
        if path.resolve() != folder.resolve() / name:
            raise MediumError(f"{name} on the medium is a link, or leads out of it", hint=AGAIN)
        file = open(path, "rb", buffering=0, opener=_no_wait)  # noqa: SIM115 pathlib knows no opener
    except OSError as error:
        raise _unreadable(name, error) from error
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise MediumError(f"{name} on the medium is not a file", hint=AGAIN)
    return file


def _no_wait(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOFOLLOW)  # a pipe would wait for its writer


def _read(folder: Path, name: str, limit: int) -> bytes:
    with _open(folder, name) as file:
        try:
            text: bytes = file.read(limit + 1)
        except OSError as error:
            raise _unreadable(name, error) from error
    if len(text) > limit:
        raise MediumError(f"{name} on the medium is longer than {limit} bytes", hint=AGAIN)
    return text


def _unreadable(name: str, error: OSError) -> MediumError:
    return MediumError(f"{name} on the medium cannot be read: {error.strerror}", hint=AGAIN)


def _word(told: dict[str, Any], key: str, pattern: re.Pattern[str]) -> str:
    value = told.get(key)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise MediumError(f"{ROOT_JSON} on the medium is damaged: {key!r}", hint=AGAIN)
    return value


def _number(told: dict[str, Any], key: str) -> int:
    value = told.get(key)
    if type(value) is not int or not 0 < value <= MAX_NUMBER:
        raise MediumError(f"{ROOT_JSON} on the medium is damaged: {key!r}", hint=AGAIN)
    return value
