"""What the answers ask for and the root to install does not have, told before anything is written."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from boatyard_boot.tree import find_file, resolve
from boatyard_installer.error import StepError
from boatyard_installer.settings.accounts import choose_ids, names_in, read_table
from boatyard_installer.settings.identity import has_keymap, has_locale, has_zone
from boatyard_installer.settings.packages import is_taken
from boatyard_installer.settings.services import has_unit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from boatyard_installer.answers import Answers, System, User


def check(root: Path, answers: Answers) -> list[str]:
    """A sentence for each thing that is missing in the root; empty when all is there.

    With packages to install only what they cannot bring is looked at: the rest may come with them.
    """
    found = [*_fixed(root, answers)]
    if not answers.packages.install:
        found += _from_packages(root, answers)
    return found


def _fixed(root: Path, answers: Answers) -> Iterator[str]:
    zone = answers.system.timezone
    if zone and not has_zone(root, zone):
        yield f"the image has no time zone {zone!r}; they are called as in Europe/Berlin"
    for repository in answers.repositories:
        if is_taken(root, repository.id):
            yield f"the image has a repository or key {repository.id!r} already; choose another id"
    try:
        passwd, group = read_table(root, "passwd"), read_table(root, "group")
        choose_ids(answers.users, passwd, group)
    except StepError as error:
        yield error.what
        return
    for user in answers.users:
        if user.name in names_in(passwd) | names_in(group):
            yield f"the image has a user or group {user.name!r} already; choose another name"
        if os.path.lexists(resolve(root, "home") / user.name):
            yield f"the image has a home /home/{user.name} already; choose another name"


def _from_packages(root: Path, answers: Answers) -> Iterator[str]:
    yield from _of_system(root, answers.system)
    yield from _of_users(root, answers.users)
    for unit in (*answers.services.enable, *answers.services.disable):
        if not has_unit(root, unit):
            yield f"the image has no unit {unit!r}"
    for script in answers.scripts:
        if not is_program(root, script.interpreter):
            yield f"the image has no {script.interpreter}, which the script {script.name!r} needs"


def _of_system(root: Path, system: System) -> Iterator[str]:
    if system.keymap and not has_keymap(root, system.keymap):
        yield f"the image has no keymap {system.keymap!r}; it always has 'us'"
    if system.locale and not has_locale(root, system.locale):
        yield f"the image has no locale {system.locale!r}; it always has C.UTF-8"
    if system.user_data and find_file(root, "usr/bin/cloud-init") is None:
        yield "there is user-data, but the image has no cloud-init"


def _of_users(root: Path, users: tuple[User, ...]) -> Iterator[str]:
    groups = names_in(read_table(root, "group")) if users else set()
    for user in users:
        for group in user.groups:
            if group not in groups:
                yield f"the image has no group {group!r}, which the user {user.name!r} shall be in"
        if not is_program(root, user.shell):
            yield f"the image has no shell {user.shell} for the user {user.name!r}"
        if user.sudo != "none" and find_file(root, "etc/sudoers") is None:
            yield f"the user {user.name!r} shall have sudo, but the image has none"


def is_program(root: Path, path: str) -> bool:
    """Whether a path in the root is a file that can be started."""
    found = find_file(root, path)
    return found is not None and bool(found.stat().st_mode & 0o111)
