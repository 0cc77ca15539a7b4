"""Accounts: passwd(5), shadow(5), group(5), gshadow(5), homes, keys and sudoers(5).

Written here and not by useradd(8): the new system's programs do not run for it, and hashes pass no command line.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from boatyard_boot.tree import resolve
from boatyard_installer.error import StepError
from boatyard_installer.settings.files import place, put_file, put_folder, told

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from boatyard_installer.answers import Root, User

UIDS = range(1000, 60001)  # UID_MIN and UID_MAX of login.defs(5)
NO_PASSWORD = "*"  # noqa: S105  # crypt(3) never gives it; keys still log in
SUDO = {"password": "ALL", "nopasswd": "NOPASSWD: ALL"}

Table = list[list[str]]


def write_accounts(root: Path, administrator: Root, users: tuple[User, ...]) -> None:
    """Adds the users with their groups, homes, keys and rights; sets root's password and keys."""
    passwd, shadow, group, gshadow = (read_table(root, name) for name in ("passwd", "shadow", "group", "gshadow"))
    set_password(shadow, "root", administrator.password_hash or NO_PASSWORD)
    ids = choose_ids(users, passwd, group)
    for user in users:
        add_user(user, ids[user.name], passwd, shadow, group, gshadow)
    for name, table in (("group", group), ("gshadow", gshadow), ("passwd", passwd), ("shadow", shadow)):
        write_table(root, name, table)
    write_keys(root, "root", administrator.ssh_keys, (0, 0))
    for user in users:
        write_home(root, user, ids[user.name])
        if user.sudo != "none":
            put_file(root, f"etc/sudoers.d/90-boatyard-{user.name}", sudoers(user), 0o440)


def read_table(root: Path, name: str) -> Table:
    """The lines of a table in /etc, as fields."""
    with told(f"etc/{name}"):
        text = resolve(root, f"etc/{name}").read_text("utf-8")
    return [line.split(":") for line in text.splitlines() if line]


def write_table(root: Path, name: str, table: Table) -> None:
    """Replaces a table; mode and owner stay."""
    with told(f"etc/{name}"):
        old = resolve(root, f"etc/{name}").stat()
    text = "".join(":".join(fields) + "\n" for fields in table)
    put_file(root, f"etc/{name}", text, old.st_mode & 0o777, (old.st_uid, old.st_gid))


def names_in(table: Table) -> set[str]:
    """The names of a table."""
    return {fields[0] for fields in table}


def choose_ids(users: Iterable[User], passwd: Table, group: Table) -> dict[str, int]:
    """The uid of each user, which is the gid of the user's own group: as asked for, else the lowest free one."""
    taken = {int(fields[2]) for fields in (*passwd, *group) if len(fields) > 2 and fields[2].isdecimal()}
    ids: dict[str, int] = {}
    for user in sorted(users, key=lambda user: not user.uid):  # those that are asked for first; else as they come
        uid = user.uid or next((uid for uid in UIDS if uid not in taken), 0)
        if not uid or uid in taken:
            raise StepError(f"the user {user.name!r} cannot have the uid {uid}: it is taken", hint="leave uid out")
        taken.add(uid)
        ids[user.name] = uid
    return ids


def add_user(user: User, uid: int, passwd: Table, shadow: Table, group: Table, gshadow: Table) -> None:
    """Adds a user with a group of its own to the four tables. The password does not age: clocks may be wrong."""
    if user.name in names_in(passwd) | names_in(group):
        raise StepError(f"the new system has a user or group {user.name!r} already", hint="choose another name")
    if missing := sorted(set(user.groups) - names_in(group)):
        raise StepError(f"the new system has no group {missing[0]!r}", hint=f"correct groups of the user {user.name!r}")
    passwd.append([user.name, "x", str(uid), str(uid), user.comment, f"/home/{user.name}", user.shell])
    shadow.append([user.name, user.password_hash or NO_PASSWORD, "", "0", "99999", "7", "", "", ""])
    for table in (group, gshadow):
        for fields in table:
            if fields[0] in user.groups:
                fields[3] = ",".join(filter(None, (*fields[3].split(","), user.name)))
    group.append([user.name, "x", str(uid), ""])
    gshadow.append([user.name, "!", "", ""])


def set_password(shadow: Table, name: str, password_hash: str) -> None:
    """Sets the hash of an account that is there."""
    for fields in shadow:
        if fields[0] == name:
            fields[1] = password_hash
            return
    raise StepError(f"/etc/shadow of the new system has no {name}")


def write_home(root: Path, user: User, uid: int) -> None:
    """The home with what /etc/skel has, closed to others."""
    home = f"home/{user.name}"
    with told(home):
        if os.path.lexists(place(root, home)):
            raise StepError(f"/{home} is in the new system already", hint="choose another name")
        resolve(root, "home").mkdir(mode=0o755, exist_ok=True)
        skeleton = resolve(root, "etc/skel")
        target = place(root, home)
        if skeleton.is_dir():
            shutil.copytree(skeleton, target, symlinks=True)
            for path in target.rglob("*"):
                os.chown(path, uid, uid, follow_symlinks=False)
    put_folder(root, home, 0o700, (uid, uid))
    write_keys(root, home, user.ssh_keys, (uid, uid))


def write_keys(root: Path, home: str, keys: tuple[str, ...], owner: tuple[int, int]) -> None:
    """~/.ssh/authorized_keys, with the modes that sshd(8) insists on."""
    if keys:
        put_folder(root, f"{home}/.ssh", 0o700, owner)
        put_file(root, f"{home}/.ssh/authorized_keys", "".join(f"{key}\n" for key in keys), 0o600, owner)


def sudoers(user: User) -> str:
    """The rule of a user who may use sudo; a name that USER of the answers allows has no meaning of its own there."""
    return f"{user.name} ALL=(ALL:ALL) {SUDO[user.sudo]}\n"
