"""Carrying out one task, wherever that is: finds its function, gives it a folder, ends its programs and its folder."""

from __future__ import annotations

import contextlib
import errno
import importlib
import threading
import traceback
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from boatyard.base.error import BoatyardError, ToolError
from boatyard.graph.work import TaskContext
from boatyard.ports import clock
from boatyard.ports.files import refusal, remove_tree
from boatyard.ports.run import HostRunner

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from boatyard.graph.work import Task

    Function = Callable[[bytes, TaskContext], bytes]


class Carrier:
    """Carries out one task in the thread that calls `carry_out`; `cancel` may come from any other, at any time."""

    def __init__(self, task: Task, attempt: int) -> None:
        self.task, self.attempt = task, attempt
        self.cancelled = threading.Event()
        self.seconds = 0.0
        self._run = HostRunner()

    def carry_out(self, function: Function, home: Path, words: Mapping[str, str]) -> bytes:
        """What the function gives; its folder is made in `home` and removed. BoatyardError for whatever goes wrong."""
        started = clock.monotonic()
        try:
            folder = Path(mkdtemp(dir=home))
        except OSError as error:
            raise as_error(error, home) from error
        try:
            task = self.task
            return function(
                task.payload,
                TaskContext(
                    task.node, task.step, self.attempt, task.memory_mib, folder, self._run, self.cancelled, words
                ),
            )
        except BaseException as error:
            raise as_error(error, home) from error
        finally:
            self._run.close()
            with contextlib.suppress(OSError):  # what a program made unremovable goes when `home` is swept
                remove_tree(folder)
            self.seconds = clock.monotonic() - started

    def cancel(self) -> None:
        """Ends the task's programs; no more can be started."""
        self.cancelled.set()
        self._run.close()


def as_error(error: BaseException, home: Path) -> BoatyardError:
    """What went wrong, as an error for people: a host that refuses is one of the host, anything unforeseen is a bug.

    `home`: where tasks write, to be named when the disk is full and the system does not say which.
    """
    if isinstance(error, BoatyardError):
        return error
    if isinstance(error, KeyboardInterrupt):
        return ToolError("the task was cancelled")
    if isinstance(error, OSError):
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT) and error.filename is None
        told = refusal(error, home if is_full else None)
        return told or ToolError(f"the worker's machine refused: {error}", detail=_trace(error))
    return BoatyardError(
        f"{type(error).__name__}: {error}", detail=_trace(error), hint="this is a bug in Boatyard; please report it"
    )


def _trace(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def find_function(name: str) -> Function:
    """The function that `package.module:name` names; ToolError when there is none."""
    module, _, attribute = name.partition(":")
    try:
        found: Function = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ToolError(f"there is no function {name} here: {error}", hint="run the same version everywhere") from error
    return found
