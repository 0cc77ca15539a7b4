"""InRelease: the signed list of a suite's files (Debian wiki "DebianRepository/Format", apt-secure(8)).

Only the text that gpgv gives out is read, never the file received, so nothing outside the signature counts.
"""

from __future__ import annotations

import email.utils
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard.base.digest import sha256_bytes
from boatyard.base.error import SourceError, ToolError, TrustError
from boatyard.ports.run import Command

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from boatyard.ports.run import Runner

MAX_SIZE = 16 << 20
CLOCK_SKEW_S = 86_400
ARMOUR = b"-----BEGIN PGP SIGNED MESSAGE-----"
# gpgv ends with 0 when all signatures are good, 1 with a bad one, 2 also when one of several keys is unknown,
# as it is while an archive changes keys: the status lines decide.
GPGV_ENDS = (0, 1, 2)
GPGV_OPTIONS = ("--weak-digest", "SHA1", "--status-fd", "2", "--output", "-", "-")
KEYRING_CURE = "install it: `apt-get install debian-archive-keyring` (Debian) or `dnf install debian-keyring` (Fedora)"


@dataclass(frozen=True, slots=True)
class Trust:
    """What a suite is checked against. `now` in seconds since the epoch; `allow_expired` skips Valid-Until only."""

    keyring: Path
    now: float
    allow_expired: bool = False


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file of a suite: the path under `dists/<suite>/`, the size in bytes."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Release:
    """A verified suite. `date` in seconds since the epoch, `digest` the SHA-256 of the signed text."""

    suite: str
    codename: str
    date: int
    by_hash: bool
    files: Mapping[str, ListedFile]
    digest: str

    def file(self, path: str) -> ListedFile:
        """The listed file; SourceError when the suite has no such file (a wrong component or architecture)."""
        if path not in self.files:
            raise SourceError(
                f"the suite {self.codename} has no {path}",
                hint="check the components and the architecture of the seed",
            )
        return self.files[path]

    def path_of(self, listed: ListedFile) -> str:
        """Where to fetch a file from, under `dists/<suite>/`: by digest where the archive offers that."""
        if not self.by_hash:
            return listed.path
        folder, _, _ = listed.path.rpartition("/")
        return f"{folder}/by-hash/SHA256/{listed.sha256}".lstrip("/")


def read_release(data: bytes, suite: str, trust: Trust, run: Runner) -> Release:
    """The suite `suite` (its name or code name) that a received InRelease describes.

    TrustError when it is not signed by a key of the keyring, is another suite's, has expired, or lies in the future.
    """
    release, valid_until = parse_release(signed_text(data, suite, trust.keyring, run))
    if suite not in (release.suite, release.codename):
        raise TrustError(
            f"the mirror gave the suite {release.codename or release.suite} when asked for {suite}",
            hint="nothing was kept; use another mirror with --mirror URL",
        )
    if release.date > trust.now + CLOCK_SKEW_S:
        raise TrustError(
            f"the suite {suite} is dated {_day(release.date)}, which is in the future",
            hint="set this machine's clock",
        )
    if valid_until is not None and valid_until < trust.now and not trust.allow_expired:
        raise TrustError(
            f"the mirror's list of the suite {suite} expired on {_day(valid_until)}",
            detail="an old list may hide security updates",
            hint="use a mirror that is kept up to date (--mirror URL), or check this machine's clock",
        )
    return release


def signed_text(data: bytes, suite: str, keyring: Path, run: Runner) -> bytes:
    """The part of an InRelease file that a key of the keyring has signed, as gpgv gives it."""
    _check_keyring(keyring)
    if not data.startswith(ARMOUR) or data.count(b"\n" + ARMOUR):
        raise TrustError(
            f"the mirror's InRelease of {suite} is not one signed message",
            detail=data[:200].decode("ascii", "replace"),
            hint="something between here and the mirror (a portal, a proxy) may answer in its place",
        )
    argv = ("gpgv", "--homedir", "/nonexistent", "--keyring", str(keyring.absolute()), *GPGV_OPTIONS)
    result = run(Command(argv=argv, input=data, ok=GPGV_ENDS, timeout_s=60))
    status = [line.split() for line in result.stderr.decode("utf-8", "replace").splitlines()]
    words = {line[1] for line in status if line[:1] == ["[GNUPG:]"] and len(line) > 1}
    if not {"GOODSIG", "VALIDSIG"} <= words or words & {"BADSIG", "ERROR", "NODATA", "UNEXPECTED"} or not result.stdout:
        raise TrustError(
            f"the signature of the suite {suite} does not verify with {keyring}",
            detail=_signature_lines(result.stderr),
            hint="nothing was kept; update the package debian-archive-keyring, or use another mirror with --mirror URL",
        )
    return result.stdout


def parse_release(text: bytes) -> tuple[Release, int | None]:
    """The fields of a signed text, and its Valid-Until (seconds since the epoch) when it has one."""
    try:
        lines = text.decode("utf-8").splitlines()
        fields = dict(line.split(": ", 1) for line in lines if re.match(r"[A-Za-z][A-Za-z0-9-]*: ", line))
        release = Release(
            suite=fields.get("Suite", ""),
            codename=fields.get("Codename", ""),
            date=_seconds(fields["Date"]),
            by_hash=fields.get("Acquire-By-Hash", "no") == "yes",
            files=_listed(lines),
            digest=sha256_bytes(text),
        )
        return release, _seconds(fields["Valid-Until"]) if "Valid-Until" in fields else None
    except (ValueError, KeyError) as error:
        raise TrustError(f"the mirror's InRelease is not in Debian's format: {error}") from error


def _listed(lines: list[str]) -> dict[str, ListedFile]:
    start = lines.index("SHA256:") + 1
    files: dict[str, ListedFile] = {}
    for line in lines[start:]:
        if not line.startswith(" "):
            break
        sha256, size, path = line.split()
        if not re.fullmatch(r"[0-9a-f]{64}", sha256):
            raise ValueError(f"no SHA-256 of {path}")
        files[path] = ListedFile(path, int(size), sha256)
    return files


def _seconds(date: str) -> int:
    moment = email.utils.parsedate_to_datetime(date)
    if moment.tzinfo is None:
        raise ValueError(f"the date {date} has no time zone")
    return int(moment.timestamp())


def _day(seconds: int) -> str:
    return email.utils.formatdate(seconds, usegmt=True)


def _check_keyring(keyring: Path) -> None:
    if not keyring.is_file():
        raise ToolError(
            f"the Debian archive's keyring {keyring} does not exist",
            hint=KEYRING_CURE,
        )
    with keyring.open("rb") as stream:
        if stream.read(10) == b"-----BEGIN":
            raise ToolError(
                f"{keyring} is an armoured key, and gpgv reads binary keyrings only",
                hint=f"convert it: `gpg --dearmor {keyring}`, and name the .gpg file",
            )


def _signature_lines(stderr: bytes) -> str:
    lines = stderr.decode("utf-8", "replace").splitlines()
    return "\n".join(line for line in lines if not line.startswith("[GNUPG:]"))[-2000:]
