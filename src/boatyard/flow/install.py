"""Answers of the installer on the host: read and checked as the installer itself will."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.base.error import ConfigError, NotFoundError, Problem
from boatyard.base.where import Where
from boatyard_installer.answers import AnswersError, load_answers

if TYPE_CHECKING:
    from boatyard_installer.answers import Answers

MAX_TEXT, MAX_USER_DATA = 1 << 20, 16 << 20


def read_answers(path: Path) -> tuple[Answers, bytes]:
    """The answers in a file, and the user-data beside it that they name (empty for none).

    ConfigError has everything that is wrong, each with its line and key; NotFoundError when a file is missing.
    """
    data = read_limited(path, MAX_TEXT, "the answers")
    try:
        answers = load_answers(data.decode("utf-8"), str(path))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text: {error}") from None
    except AnswersError as error:
        raise ConfigError.of(
            [Problem(one.what, Where(Path(one.file), one.line, one.key), hint=one.hint) for one in error.problems]
        ) from None
    if not answers.user_data:
        return answers, b""
    beside = path.parent / answers.user_data
    # Who wrote the answers does not choose among all the files of this machine.
    if not beside.resolve().is_relative_to(path.parent.resolve()):
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
