"""The scripts of the answers, run in the new system before it ever boots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard_installer.error import StepError
from boatyard_installer.settings.sandbox import run_jailed

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard_installer.answers import Script
    from boatyard_installer.run import Run


def run_script(root: Path, script: Script, run: Run) -> None:
    """Runs one script; StepError that names it when it fails or takes longer than it may."""
    try:
        run_jailed(root, script.content.encode(), script.interpreter, script.timeout_s, run)
    except StepError as error:
        reason = error.what.replace("unshare ", "it ", 1)
        raise StepError(
            f"the script {script.name!r} failed: {reason}",
            hint="it runs without network and devices; correct it in the answers",
            detail=error.detail,
        ) from error
