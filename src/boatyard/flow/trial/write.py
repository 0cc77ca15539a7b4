"""The folder of a trial: its report in all formats, and the logs of which it is made. For its owner's eyes only."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from boatyard.artifact.codec import to_json
from boatyard.base.error import ConfigError
from boatyard.ports.files import locked, write_atomic, writing_to
from boatyard.report.trial_html import to_html
from boatyard.report.trial_junit import to_junit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from boatyard.artifact.trial_report import TrialReport

CONSOLE, REQUESTS, PROGRESS = "console.log", "requests.jsonl", "run.jsonl"
WRITTEN_BESIDE = "console.requests.jsonl"  # where `flow.cloud` writes the requests, beside the console's log
# What every trial leaves, from its first moment on.
MARKS = (CONSOLE, PROGRESS)
LOCK = ".lock"
# What an earlier trial left; anything else in the folder is not ours.
OURS = (
    "report.json", "report.html", "junit.xml", CONSOLE, "console.png", REQUESTS, WRITTEN_BESIDE, PROGRESS,
    "deploy-*.log", "cloud-init-output.log", "testinfra.log",
)  # fmt: skip
LONGEST_NAME = 60


@contextlib.contextmanager
def prepared(folder: Path, busy: Callable[[], None] | None = None) -> Iterator[None]:
    """Makes the folder, without what an earlier trial left in it, and keeps it for this trial alone; another one waits,
    after `busy`. The logs may hold secrets, so only their owner reads them.

    ConfigError when files of these names are there that no trial left: they are somebody's.
    """
    with writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with locked(folder / LOCK, busy):
        found = sorted(path for pattern in OURS for path in folder.glob(pattern))
        known = all((folder / name).is_file() for name in MARKS)
        for path in found:
            if path.is_dir() or not known:
                raise ConfigError(
                    f"{path} would be replaced, and no trial left it", hint="give a new or an empty folder to --report"
                )
        with writing_to(folder):
            for path in found:
                if path.name not in MARKS:  # which the folder is known by at every moment
                    path.unlink()
            for name in MARKS:
                write_atomic(folder / name, b"", mode=0o600)
        yield


def write_report(report: TrialReport, folder: Path) -> None:
    """Writes the report as JSON, HTML and JUnit's XML."""
    with writing_to(folder):
        requests = folder / WRITTEN_BESIDE
        if requests.exists():
            requests.rename(folder / REQUESTS)
    write_atomic(folder / "report.json", to_json(report), mode=0o600)
    write_atomic(folder / "report.html", to_html(report), mode=0o600)
    write_atomic(folder / "junit.xml", to_junit(report), mode=0o600)


def folder_name(name: str) -> str:
    """A name that is one of a file everywhere."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip(".-")[:LONGEST_NAME] or "trial"


def deploy_log(number: int, name: str) -> str:
    """The log of a step of the deployment."""
    return f"deploy-{number}-{folder_name(name.rpartition('/')[2])}.log"
