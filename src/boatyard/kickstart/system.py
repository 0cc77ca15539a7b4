"""Commands about the system: language, clock, accounts, services, boot loader, the end of the installation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard_installer.answers import ARGUMENT, UNIT, Repository, User, check_login

if TYPE_CHECKING:
    from boatyard.kickstart.draft import Draft
    from boatyard.kickstart.statement import Statement

# C.UTF-8 is the same language and character set, and is part of the C library.
ENGLISH = ("en_US", "en_US.UTF-8", "en_US.utf8", "C.UTF-8", "C")
ADMINISTRATORS = ("wheel", "sudo")
ACTIONS = {"reboot": "reboot", "poweroff": "poweroff", "shutdown": "poweroff", "halt": "halt"}
PLAIN = "the password is plain text, which answers never hold"
HASH = "`openssl passwd -6` makes a hash, for `--iscrypted` or for `password-hash` in the answers"


def lang(statement: Statement, draft: Draft) -> None:
    """`lang en_US.UTF-8`."""
    wanted = statement.values["lang"]
    locale = "C.UTF-8" if wanted in ENGLISH else wanted if "." in wanted else f"{wanted}.UTF-8"
    draft.system = draft.change(draft.system, statement, locale=locale)
    if locale != wanted:
        draft.remark(statement.where, f"lang: {wanted!r} becomes {locale}")


def keyboard(statement: Statement, draft: Draft) -> None:
    """`keyboard us`, `keyboard --vckeymap=de-nodeadkeys --xlayouts=…`: the console's keymap."""
    values = statement.values
    keymap = values["vc_keymap"] or values["_keyboard"]
    if keymap:
        draft.system = draft.change(draft.system, statement, keymap=keymap)
    elif values["x_layouts"]:
        hint = "add --vckeymap=…, the name of the console's keymap"
        draft.lose(statement.where, "keyboard --xlayouts: layouts of X have other names than those of consoles", hint)
        return
    if values["x_layouts"] and values["x_layouts"] != [keymap]:
        draft.remark(statement.where, "keyboard --xlayouts: only the console's keymap is set")


def timezone(statement: Statement, draft: Draft) -> None:
    """`timezone Europe/Berlin --utc`."""
    if statement.values["timezone"]:
        draft.system = draft.change(draft.system, statement, timezone=statement.values["timezone"])


def rootpw(statement: Statement, draft: Draft) -> None:
    """`rootpw --lock`, `rootpw --iscrypted HASH`. Root is locked unless there is a hash."""
    values = statement.values
    if values["lock"]:
        draft.root = draft.change(draft.root, statement, password_hash="")
    elif values["isCrypted"]:
        draft.root = draft.change(draft.root, statement, password_hash=values["password"])
    else:
        draft.lose(statement.where, f"rootpw: {PLAIN}", HASH)


def user(statement: Statement, draft: Draft) -> None:
    """`user --name=ada --groups=wheel --iscrypted --password=HASH`. Administrators get sudo."""
    values, where = statement.values, statement.where
    name, groups = values["name"], [group for group in values["groups"] if group]
    given = values["password"] or ""
    if given and not values["isCrypted"]:
        draft.lose(where, f"user: {PLAIN}; {name!r} has none", HASH)
        given = ""
    try:
        check_login(given, ())
    except ValueError as error:
        draft.lose(where, f"user: {error}; {name!r} has no password")
        given = ""
    if values["homedir"] and values["homedir"] != f"/home/{name}":
        draft.lose(where, f"user --homedir: the home is /home/{name}")
    if name in draft.users:
        draft.lose(where, f"user: {name!r} is there already")
        return
    admin = any(group in ADMINISTRATORS for group in groups)
    try:
        draft.users[name] = User(
            name=name,
            comment=values["gecos"] or "",
            groups=tuple(group for group in groups if group not in ADMINISTRATORS),
            shell=values["shell"] or "/bin/bash",
            uid=values["uid"] or 0,
            # A locked account has no password that opens it; there is nothing to unlock it with later.
            password_hash="" if values["lock"] else given,
            sudo="password" if admin else "none",
        )
    except ValueError as error:
        draft.lose(where, f"user: {error}")


def sshkey(statement: Statement, draft: Draft) -> None:
    """`sshkey --username=ada "ssh-ed25519 AAAA…"`, after the command of the user."""
    name, key = statement.values["username"], statement.values["key"].strip()
    if name == "root":
        draft.root = draft.change(draft.root, statement, ssh_keys=(*draft.root.ssh_keys, key))
    elif name in draft.users:
        found = draft.users[name]
        draft.users[name] = draft.change(found, statement, ssh_keys=(*found.ssh_keys, key))
    else:
        draft.lose(statement.where, f"sshkey: there is no user {name!r}")


def services(statement: Statement, draft: Draft) -> None:
    """`services --enabled=sshd --disabled=cups`."""
    for names, units in (("enabled", draft.enable), ("disabled", draft.disable)):
        for name in statement.values[names]:
            unit = name if "." in name else f"{name}.service"
            if UNIT.fullmatch(unit):
                units.append(unit)
            else:
                draft.lose(statement.where, f"services: {name[:80]!r} is not a unit's name")


def bootloader(statement: Statement, draft: Draft) -> None:
    """`bootloader --append="quiet"`: arguments of the kernel. Where it goes, the layout says."""
    values, where = statement.values, statement.where
    if values["location"] not in ("mbr", None, ""):
        draft.lose(where, f"bootloader --location={values['location']}: the disk always gets a boot loader")
    for word in (values["appendLine"] or "").split():
        if ARGUMENT.fullmatch(word):
            draft.arguments.append(word)
        else:
            draft.lose(where, f"bootloader --append: {word[:80]!r} has characters that GRUB reads itself")


def end(statement: Statement, draft: Draft) -> None:
    """`reboot`, `poweroff`, `shutdown`, `halt`, with `--eject`."""
    draft.finish = draft.change(draft.finish, statement, action=ACTIONS[statement.command])
    if not statement.values["eject"]:
        draft.remark(statement.where, f"{statement.command}: a CD is ejected even without --eject",
                     "`eject = false` in [finish]")  # fmt: skip


def repo(statement: Statement, draft: Draft) -> None:
    """`repo --name=extra --baseurl=https://…`: what Boatyard's installer takes from it must be signed."""
    name = statement.values["name"]
    try:
        Repository(id=name, url=statement.values["baseurl"] or "", key="-----BEGIN PGP PUBLIC KEY BLOCK-----")
        told = "kickstart does not name the key that signs its packages"
    except ValueError as error:
        told = str(error)
    draft.lose(
        statement.where, f"repo: {name[:80]!r}: {told}", "add it to the answers as [[repositories]], with its key"
    )


def selinux(statement: Statement, draft: Draft) -> None:
    """`selinux --disabled` is what is installed."""
    if statement.options != ("disabled",):
        draft.lose(statement.where, "selinux: the image decides; the installer does not change it")


def firewall(statement: Statement, draft: Draft) -> None:
    """`firewall --disabled` is what is installed."""
    if not {"disabled", "disable"} & set(statement.options):
        draft.lose(
            statement.where, "firewall: the image decides", "add its rules and its service by a package or script"
        )


def firstboot(statement: Statement, draft: Draft) -> None:
    """`firstboot --disable`: the installed system asks nothing."""
    if not {"disable", "disabled"} & set(statement.options):
        draft.lose(statement.where, "firstboot: the installed system asks nothing when it starts")
