"""The passphrase of an encrypted system: given, asked for, or made up."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from boatyard_installer.answers import Encryption

if TYPE_CHECKING:
    from collections.abc import Callable

    from boatyard_installer.answers import Answers
    from boatyard_installer.console import Terminal

# Nothing that looks like something else on paper (l 1 I, o 0), or that keyboards have in different places but z y.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
GROUPS, GROUP = 8, 5  # 40 of 31 characters: 198 bits


def recovery_key() -> str:
    """Made-up groups of letters and digits: abcde-fghjk-..."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))


def resolve_encryption(answers: Answers, ask: Callable[[], str]) -> Answers:
    """Answers whose encryption, if there is one, has its passphrase. `ask` is called for `source = "prompt"`."""
    if answers.encryption is None or answers.encryption.passphrase:
        return answers
    passphrase = recovery_key() if answers.encryption.source == "random" else ask()
    return replace(answers, encryption=Encryption(passphrase=passphrase))


def shown_once(given: Answers, resolved: Answers) -> str:
    """Lines that tell the passphrase if it was made up, empty otherwise; for consoles, never for a log."""
    if not (given.encryption and given.encryption.source == "random" and resolved.encryption):
        return ""
    return f"""
Recovery key of the encrypted disk, shown only now, and stored nowhere:
{resolved.encryption.passphrase}

"""


def ask_passphrase(terminal: Terminal) -> str:
    """Asks for a new passphrase, twice, until it is a good one."""
    while True:
        first = terminal.read("Passphrase of the encrypted disk: ", secret=True)
        try:
            Encryption(passphrase=first)
        except ValueError as error:
            terminal.show(f"{error}." if first else "It must not be empty.")
            continue
        if terminal.read("The same once more: ", secret=True) == first:
            return first
        terminal.show("These were two different ones.")
