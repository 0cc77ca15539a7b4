"""A kickstart as answers, with a note for every line that has become something else, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from boatyard.kickstart import disk, network, system
from boatyard.kickstart.draft import Draft
from boatyard.kickstart.layout import COMMANDS as STORAGE
from boatyard.kickstart.layout import convert_layout
from boatyard.kickstart.section import convert_section
from boatyard_installer.answers import Answers, Kernel, Packages, Services

if TYPE_CHECKING:
    from collections.abc import Callable

    from boatyard.kickstart.statement import Kickstart, Note, Statement


class Converted(NamedTuple):
    """The answers, and notes in the order of the file."""

    answers: Answers
    notes: tuple[Note, ...]


class Rule(NamedTuple):
    """How a command is converted, and the options that this covers; others are told of."""

    convert: Callable[[Statement, Draft], None]
    options: frozenset[str]


def _covering(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _nothing(statement: Statement, draft: Draft) -> None:
    """For commands whose effect every installation has, or that only concern Anaconda's windows."""


def _bootloader(statement: Statement, draft: Draft) -> None:
    system.bootloader(statement, draft)
    disk.boot_drive(statement, draft)


NETWORK = (
    "activate bootproto device gateway hostname ip ipv4-dns-search ipv6 ipv6-dns-search ipv6gateway nameserver netmask "
    "noipv4 onboot"
)
PART = (
    "asprimary encrypted fsoptions fstype grow label luks-version maxsize noformat onpart ondisk ondrive passphrase "
    "percent recommended resize size usepart"
)
RULES = {
    "autopart": Rule(_nothing, _covering("encrypted fstype luks-version noboot nohome nolvm noswap passphrase type")),
    "bootloader": Rule(_bootloader, _covering("append boot-drive location")),
    "clearpart": Rule(disk.clearpart, _covering("all disklabel drives initlabel linux list none")),
    "firewall": Rule(
        system.firewall, _covering("disable disabled enable enabled ftp http port service smtp ssh trust")
    ),
    "firstboot": Rule(system.firstboot, _covering("disable disabled enable enabled")),
    "ignoredisk": Rule(disk.ignoredisk, _covering("drives only-use")),
    "keyboard": Rule(system.keyboard, _covering("vckeymap xlayouts")),
    "lang": Rule(system.lang, frozenset()),
    "logvol": Rule(_nothing, _covering(f"{PART} name pool poolname thin thinpool useexisting vgname")),
    "network": Rule(network.network, _covering(f"{NETWORK} {' '.join(network.OTHER)}")),
    "part": Rule(_nothing, _covering(PART)),
    "repo": Rule(system.repo, _covering("baseurl metalink mirrorlist name")),
    "reqpart": Rule(_nothing, _covering("add-boot")),
    "rootpw": Rule(system.rootpw, _covering("iscrypted lock plaintext")),
    "selinux": Rule(system.selinux, _covering("disabled enforcing permissive")),
    "services": Rule(system.services, _covering("disabled enabled")),
    "sshkey": Rule(system.sshkey, _covering("username")),
    "timezone": Rule(system.timezone, _covering("isUtc utc")),
    "user": Rule(system.user, _covering("gecos groups homedir iscrypted lock name password plaintext shell uid")),
    "volgroup": Rule(_nothing, _covering("useexisting")),
    "zerombr": Rule(disk.zerombr, frozenset()),
    **{name: Rule(system.end, _covering("eject")) for name in system.ACTIONS},
    **{
        name: Rule(_nothing, _covering("agreed non-interactive verify"))
        for name in ("cdrom", "cmdline", "eula", "graphical", "install", "mediacheck", "skipx", "text")
    },
}
RULES["partition"] = RULES["part"]
HINTS = {
    "url": "the image of the medium is what is installed",
    "liveimg": "the image of the medium is what is installed",
    "nfs": "the image of the medium is what is installed",
    "harddrive": "the image of the medium is what is installed",
    "ostreesetup": "the image of the medium is what is installed",
    "group": "write it in a script",
    "authselect": "write it in a script",
    "sshpw": "nobody logs in while the installer runs",
}


def convert(kickstart: Kickstart) -> Converted:
    """The answers that a kickstart gives."""
    draft = Draft(notes=list(kickstart.notes))
    # A key may stand before its user.
    ordered = sorted(kickstart.statements, key=lambda statement: statement.command == "sshkey")
    for statement in ordered:
        rule = RULES.get(statement.command)
        if rule is None:
            what = f"{statement.command}: the answers have nothing like it"
            draft.lose(statement.where, what, HINTS.get(statement.command, ""))
            continue
        draft.lose_options(statement, rule.options)
        rule.convert(statement, draft)
    convert_layout([one for one in kickstart.statements if one.command in STORAGE], draft)
    for section in kickstart.sections:
        convert_section(section, draft)
    order = {note.where.file: None for note in draft.notes}
    files = list(order)
    notes = sorted(draft.notes, key=lambda note: (files.index(note.where.file), note.where.line))
    return Converted(_answers(draft), tuple(dict.fromkeys(notes)))


def _answers(draft: Draft) -> Answers:
    return Answers(
        disk=draft.disk,
        layout=draft.layout,
        encryption=draft.encryption,
        system=draft.system,
        network=tuple(draft.links),
        root=draft.root,
        users=tuple(draft.users.values()),
        packages=Packages(install=tuple(draft.packages)),
        services=Services(enable=tuple(dict.fromkeys(draft.enable)), disable=tuple(dict.fromkeys(draft.disable))),
        scripts=tuple(draft.scripts),
        kernel=Kernel(arguments=tuple(dict.fromkeys(draft.arguments))),
        finish=draft.finish,
    )
