"""Where answers come from: the kernel command line, a volume labelled ANSWERS, the medium; in this order.

`boatyard.answers=` is a path (on the medium, or absolute), `LABEL=volume:path`, or an address of http or https;
`boatyard.answers.sha256=` the digest it must have, which plain http cannot do without.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urljoin, urlsplit

from boatyard_installer.answers import MAX_BYTES, Answers, AnswersError, AnswersProblem, load_answers
from boatyard_installer.error import FetchError, StepError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boatyard_installer.run import Run

ARGUMENT, DIGEST = "boatyard.answers", "boatyard.answers.sha256"
LABEL = "ANSWERS"
NAME = "answers.toml"
BAKED_IN, BAKED_IN_USER_DATA = "boatyard/answers.toml", "boatyard/user-data"
MAX_USER_DATA = 16 << 20
# File systems people make such volumes with; ext4 without replaying its journal, which would write.
OPTIONS = {"vfat": "", "iso9660": "", "ext4": ",noload"}

Beside = Callable[[str], bytes]  # reads the user-data that answers name


class Fetch(Protocol):
    """boatyard_installer.fetch.fetch, once there is a network."""

    def __call__(self, url: str, limit: int, sha256: str = "") -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Answers, where they came from, and cloud-init's user-data (empty: none)."""

    answers: Answers
    source: str
    user_data: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the medium is mounted, and where a volume with answers shall be."""

    medium: Path = Path("/run/live/media")
    volume: Path = Path("/run/boatyard/answers")


def kernel_arguments(text: str) -> dict[str, str]:
    """The arguments of a kernel command line that have a value; the last of a name counts."""
    return dict(word.split("=", 1) for word in text.split() if "=" in word)


def find(command_line: str, run: Run, fetch: Fetch, places: Places) -> Found | None:
    """The answers, or None when there are none anywhere: somebody is to be asked.

    FetchError when what the command line names cannot be had; AnswersError when answers are wrong.
    """
    arguments = kernel_arguments(command_line)
    wanted, digest = arguments.get(ARGUMENT, ""), arguments.get(DIGEST, "").lower()
    if digest and not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise FetchError(f"{DIGEST}= is not a SHA-256 in hexadecimal: {digest[:80]!r}")
    if urlsplit(wanted).scheme in ("http", "https"):
        return _by_url(wanted, digest, fetch)
    if wanted.startswith("LABEL="):
        label, _, path = wanted.removeprefix("LABEL=").partition(":")
        found = _by_label(label, path or NAME, digest, run, places.volume)
        if found is None:
            raise FetchError(f"there is no volume labelled {label}, which {ARGUMENT}= names")
        return found
    if wanted:
        folder, path = (Path("/"), wanted[1:]) if wanted.startswith("/") else (places.medium, wanted)
        return _by_path(folder, path, digest)
    if volume := _by_label(LABEL, NAME, digest, run, places.volume):
        return volume
    if (places.medium / BAKED_IN).is_file():
        data = _read(places.medium, BAKED_IN, MAX_BYTES)
        # `iso customize` puts the user-data there, whatever the answers call it.
        return _found(data, "the medium", digest, lambda _: _read(places.medium, BAKED_IN_USER_DATA, MAX_USER_DATA))
    return None


def read_answers(path: Path) -> Found:
    """The answers in a file, with the user-data beside it."""
    return _by_path(path.absolute().parent, path.name, "")


def _by_path(folder: Path, path: str, digest: str) -> Found:
    beside = folder / PurePosixPath(path).parent
    data = _read(folder, path, MAX_BYTES)
    return _found(data, str(folder / path), digest, lambda name: _read(beside, name, MAX_USER_DATA))


def _by_url(url: str, digest: str, fetch: Fetch) -> Found:
    secure = urlsplit(url).scheme == "https"
    if not secure and not digest:
        raise FetchError(
            f"URL needs pin: anybody on the network can change what {url} gives",
            hint=f"use https, or add {DIGEST}= with the SHA-256 of the answers",
        )

    def beside(name: str) -> bytes:
        if not secure:
            raise FetchError(
                "the digest of the answers does not cover user-data beside them",
                hint="put the user-data into the answers, or use https",
            )
        return fetch(urljoin(url, name), MAX_USER_DATA)

    return _found(fetch(url, MAX_BYTES, digest), url, digest, beside)


def _by_label(label: str, path: str, digest: str, run: Run, folder: Path) -> Found | None:
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,32}", label):
        raise FetchError(f"{label[:80]!r} is not the label of a volume")
    # Without the cache, which could be older than the volume.
    listed = run("blkid", "-c", "/dev/null", "-t", f"LABEL={label}", "-o", "device", ok=(0, 2))
    devices = sorted(set(listed.split()))
    if not devices:
        return None
    if len(devices) > 1:
        raise FetchError(f"{len(devices)} volumes are labelled {label}: {', '.join(devices)}", hint="leave one of them")
    with _mounted(devices[0], folder, run):
        data = _read(folder, path, MAX_BYTES)
        beside = folder / PurePosixPath(path).parent
        source = f"{path} on the volume {label} ({devices[0]})"
        return _found(data, source, digest, lambda name: _read(beside, name, MAX_USER_DATA))


@contextmanager
def _mounted(device: str, folder: Path, run: Run) -> Iterator[None]:
    """Only as long as it is read: a mounted disk could not be installed on."""
    kind = run("blkid", "-c", "/dev/null", "-o", "value", "-s", "TYPE", device).strip()
    if kind not in OPTIONS:
        raise FetchError(
            f"the volume {device} has the file system {kind or '(none)'}", hint=f"use {', '.join(OPTIONS)}"
        )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        run("mount", "-t", kind, "-o", f"ro,nosuid,nodev,noexec{OPTIONS[kind]}", device, str(folder))
    except StepError as error:
        raise FetchError(f"the volume {device} cannot be mounted", detail=error.detail) from error
    try:
        yield
    finally:
        run("umount", str(folder))


def _read(folder: Path, path: str, limit: int) -> bytes:
    """A file in a folder, wherever its links lead as long as that is in the folder."""
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or not pure.parts:
        raise FetchError(f"{path[:200]!r} is not a path inside {folder}")
    try:
        real = (folder / pure).resolve(strict=True)
        if not real.is_relative_to(folder.resolve()):
            raise FetchError(f"{path} leads out of {folder}")
        if not real.is_file():
            raise FetchError(f"{folder / pure} is not a file")
        with real.open("rb") as file:
            data = file.read(limit + 1)
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle, before Python 3.13
        raise FetchError(f"{folder / pure} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if len(data) > limit:
        raise FetchError(f"{folder / pure} has more than {limit >> 20} MiB")
    return data


def _found(data: bytes, source: str, digest: str, beside: Beside) -> Found:
    if digest and (is_now := hashlib.sha256(data).hexdigest()) != digest:
        raise FetchError(f"the answers in {source} have not the SHA-256 that was asked for", detail=f"it is {is_now}")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise AnswersError((AnswersProblem(source, 0, "", "not UTF-8 text"),)) from None
    answers = load_answers(text, source)
    inline = answers.system.user_data if answers.system.user_data.startswith("#") else ""
    user_data = beside(answers.user_data) if answers.user_data else inline.encode()
    return Found(answers=answers, source=source, user_data=user_data)
