"""Answers of the installer on the host: read and checked as the installer itself will."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.base.error import CheckError, ConfigError, NotFoundError, Problem, ToolError
from boatyard.base.where import Where
from boatyard_boot.arch import Arch
from boatyard_installer.answers import AnswersError, load_answers
from boatyard_installer.error import InstallError
from boatyard_installer.medium import Medium
from boatyard_installer.plan import make_plan
from boatyard_installer.probe import FoundDisk, Machine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boatyard.image.inspect import IsoContent
    from boatyard.kickstart.statement import Note
    from boatyard_installer.answers import Answers
    from boatyard_installer.step import Plan

MAX_TEXT, MAX_USER_DATA = 1 << 20, 16 << 20
# What a plan is made for when nothing else is said: a small server, and an image of the usual size.
MEMORY = 4 << 30
SOME_MEDIUM = Medium(
    folder=Path("/run/live/media"),
    name="linux",
    version="1",
    title="the system of the medium",
    arch=str(Arch.of_host()),
    kernel="of the medium",
    occupied=700 << 20,
    inodes=20000,
)
NO_SEED = "00000000-0000-0000-0000-000000000000"


def read_answers(path: Path) -> tuple[Answers, bytes]:
    """The answers in a file, and the user-data beside it that they name (empty for none).

    ConfigError has everything that is wrong, each with its line and key; NotFoundError when a file is missing.
    """
    data = read_limited(path, MAX_TEXT, "the answers")
    try:
        answers = load_answers(data.decode("utf-8"), str(path))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError("this is not UTF-8 text", where=Where(path, line)) from None
    except AnswersError as error:
        raise ConfigError.of(
            [Problem(one.what, Where(Path(one.file), one.line, one.key), hint=one.hint) for one in error.problems]
        ) from None
    if not answers.user_data:
        return answers, b""
    beside = path.parent / answers.user_data
    # Who wrote the answers does not choose among all the files of this machine.
    if beside.exists() and not beside.resolve().is_relative_to(path.parent.resolve()):
        raise ConfigError(f"{path} names user-data outside of its folder: {answers.user_data}")
    return answers, read_limited(beside, MAX_USER_DATA, "the user-data")


def read_limited(path: Path, limit: int, what: str) -> bytes:
    """The bytes of a file of at most `limit` bytes; NotFoundError, ConfigError."""
    if not path.is_file():
        raise NotFoundError(f"there is no file {path} with {what}")
    with path.open("rb") as stream:
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise ConfigError(f"{path} is larger than {limit >> 20} MiB")
    return data


def plan_for(answers: Answers, medium: Medium, *, disk_size: int, firmware: str) -> Plan:
    """The plan for a machine with one empty disk of `disk_size` bytes that the answers match; nothing is touched.

    CheckError when they would not be carried out there.
    """
    wanted = answers.disk
    disk = FoundDisk(
        device="/dev/vda",
        size=disk_size,
        serial=wanted.serial or "EXAMPLE",
        ids=(wanted.by_id.replace("*", "0").replace("?", "0"),) if wanted.by_id else (),
        bus=wanted.bus or "virtio",
    )
    machine = Machine(disks=(disk,), firmware=firmware, arch=medium.arch, memory=MEMORY)
    try:
        return make_plan(answers, machine, medium, NO_SEED)
    except InstallError as error:
        raise CheckError(
            f"the answers do not fit this machine: {error.what}", detail=error.detail, hint=error.hint
        ) from None


def medium_of(content: IsoContent) -> Medium:
    """What an ISO says of the root it installs."""
    told = content.root
    return Medium(
        folder=SOME_MEDIUM.folder,
        name=str(told["id"]),
        version=str(told["version"]),
        title=content.title,
        arch=str(told["arch"]),
        kernel=str(told["kernel"]),
        occupied=int(told["occupied"]),
        inodes=int(told["inodes"]),
    )


def missing_packages(answers: Answers, content: IsoContent) -> tuple[str, ...]:
    """The packages to install that the ISO's repository does not have by these names."""
    files = [Path(name).name for name in content.volume.files if name.startswith("repo/") and name.endswith(".rpm")]
    stems = [name.removesuffix(".rpm") for name in files]
    # name-version-release.arch, and the shorter spellings that dnf takes
    names = {stem.rsplit("-", 2)[0] for stem in stems}
    known = {*names, *stems, *(f"{stem.rsplit('-', 2)[0]}.{stem.rpartition('.')[2]}" for stem in stems)}
    return tuple(package for package in answers.packages.install if package not in known)


def convert_kickstart(path: Path) -> tuple[str, tuple[Note, ...]]:
    """The answers that a kickstart gives, as TOML text, and notes about what is not in them.

    ConfigError for a kickstart without proper structure, ToolError when pykickstart is not there.
    """
    try:
        from boatyard.kickstart.parse import parse
    except ImportError as error:
        raise ToolError(
            f"kickstarts are read by pykickstart, which is missing: {error}",
            hint="pip install 'boatyard[kickstart]'",
        ) from None
    from boatyard.kickstart.convert import convert
    from boatyard.kickstart.toml import to_toml

    if not path.is_file():
        raise NotFoundError(f"there is no kickstart {path}")
    answers, notes = convert(parse(path))
    text = to_toml(answers, _comments(path, notes))
    # What is written is read as it is meant: the installer's own check has the last word.
    if load_answers(text, "answers.toml") != answers:
        raise AssertionError("the answers are read in another way than they were written")
    return text, notes


def _comments(path: Path, notes: Sequence[Note]) -> list[str]:
    lines = [f"Converted from {path.name}."]
    for heading, lost in (("Not converted:", True), ("Converted, and another way than in Anaconda:", False)):
        chosen = [note for note in notes if note.lost == lost]
        lines += ["", heading] if chosen else []
        for note in chosen:
            place = f"{note.where.file.name}:{note.where.line}"
            lines.append(f"  {place}  {note.what}" + (f" ({note.hint})" if note.hint else ""))
    return lines
