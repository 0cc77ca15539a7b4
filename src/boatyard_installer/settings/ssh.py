"""sshd of the new system."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard_installer.settings.files import put_file

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard_installer.answers import Ssh

PLACE = "etc/ssh/sshd_config.d/10-boatyard.conf"


def write_ssh(root: Path, ssh: Ssh) -> None:
    """A file of its own, which comes before others: the first value that sshd finds is the one it takes."""
    put_file(root, PLACE, sshd_config(ssh), 0o600)


def sshd_config(ssh: Ssh) -> str:
    """sshd_config(5). Root's password never opens a session, whatever the answers say about users."""
    allowed = "yes" if ssh.password_login else "no"
    return f"PasswordAuthentication {allowed}\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n"
