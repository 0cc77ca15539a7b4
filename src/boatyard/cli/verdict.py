"""Reports whose exit code counts, also when nobody reads them to their end."""

from __future__ import annotations

import os
import sys


def print_report(text: str) -> None:
    """Writes a report to stdout, before what stderr gets. A reader that has seen enough (`… | head`) does not change
    the verdict."""
    try:
        print(text, end="", flush=True)
    except BrokenPipeError:
        leave_stdout()


def leave_stdout() -> None:
    """After its reader is gone nothing more can be written to stdout, not even at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
