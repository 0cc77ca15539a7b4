"""What coordinator and worker send each other about a task: JSON, so that nothing foreign is ever unpickled as ours."""

from __future__ import annotations

from pathlib import Path

import msgspec

from boatyard.base import error as errors
from boatyard.base.decodable import decodable
from boatyard.base.error import BoatyardError, Problem
from boatyard.base.where import Where

SHOWN = 20_000  # characters of evidence that are passed on


class Request(msgspec.Struct, frozen=True):
    """A task. `cluster` and `version` are those of the coordinator: a worker of others refuses."""

    cluster: str
    version: str
    function: str
    node: str
    step: str
    attempt: int
    memory_mib: int
    payload: bytes


class Told(msgspec.Struct, frozen=True):
    """A problem. `file`, `line`, `key`: its place, if it has one."""

    what: str
    detail: str = ""
    hint: str = ""
    file: str = ""
    line: int = 0
    key: str = ""


class Reply(msgspec.Struct, frozen=True):
    """How a task ended. `kind`: the class of the error, empty for none; `refused`: why it was not even started;
    `lost`: why it did not come to its end.

    `worker`: the name of the worker, as the coordinator knows it.
    """

    seconds: float = 0.0
    answer: bytes = b""
    kind: str = ""
    problems: tuple[Told, ...] = ()
    refused: str = ""
    lost: str = ""
    worker: str = ""

    def error(self) -> BoatyardError | None:
        """The error that was told; of a class that is not known here it is a plain one."""
        if not self.kind:
            return None
        found = getattr(errors, self.kind, None)
        kind = found if isinstance(found, type) and issubclass(found, BoatyardError) else BoatyardError
        error = kind(self.problems[0].what if self.problems else "failed without a word")
        if self.problems:
            error.problems = tuple(_problem(told) for told in self.problems)
        return error


def reply_of(error: BoatyardError, seconds: float, worker: str) -> Reply:
    """The reply that tells of an error."""
    problems = tuple(_told(problem) for problem in error.problems)
    return Reply(seconds, kind=type(error).__name__, problems=problems, worker=worker)


def encode(message: Request | Reply) -> bytes:
    """As JSON."""
    return msgspec.json.encode(message)


def decode_request(data: bytes) -> Request:
    """ValueError for anything else."""
    return msgspec.json.decode(data, type=decodable(Request))


def decode_reply(data: bytes) -> Reply:
    """ValueError for anything else."""
    return msgspec.json.decode(data, type=decodable(Reply))


def _told(problem: Problem) -> Told:
    place = problem.where or Where(Path())
    file = str(place.file) if problem.where is not None else ""
    return Told(problem.what, problem.detail[-SHOWN:], problem.hint, file, place.line, place.key)


def _problem(told: Told) -> Problem:
    where = Where(Path(told.file), told.line, told.key) if told.file else None
    return Problem(told.what, where, told.detail, told.hint)
