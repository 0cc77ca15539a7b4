"""The answers in the freshly copied root. In this order: `check` before anything is written, then
`install_packages`, `write_settings` (users may be in groups, and units enabled, that packages brought), `run_scripts`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard_installer.settings.accounts import write_accounts
from boatyard_installer.settings.cloud import write_cloud
from boatyard_installer.settings.identity import renew_identity, write_identity
from boatyard_installer.settings.needs import check
from boatyard_installer.settings.network import write_network
from boatyard_installer.settings.packages import install_packages, write_repositories
from boatyard_installer.settings.script import run_script
from boatyard_installer.settings.services import switch_services
from boatyard_installer.settings.ssh import write_ssh

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard_installer.answers import Answers
    from boatyard_installer.run import Run

__all__ = ["check", "install_packages", "run_scripts", "write_settings"]


def write_settings(root: Path, answers: Answers, user_data: bytes, run: Run) -> None:
    """Everything but packages and scripts. `user_data`: cloud-init's, empty for none. StepError says what failed."""
    renew_identity(root)
    write_identity(root, answers.system)
    write_accounts(root, answers.root, answers.users)
    write_ssh(root, answers.ssh)
    write_network(root, answers.network)
    write_cloud(root, user_data, answers.system.hostname)
    write_repositories(root, answers.repositories)
    switch_services(root, answers.services, run)


def run_scripts(root: Path, answers: Answers, run: Run) -> None:
    """The scripts, in their order; the first that fails ends it."""
    for script in answers.scripts:
        run_script(root, script, run)
