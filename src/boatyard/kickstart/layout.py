"""Partitions, volumes and file systems: `part`, `volgroup`, `logvol`, `reqpart` and `autopart` as one layout."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from boatyard.kickstart.disk import on_disk
from boatyard_boot.layout import ENCRYPTABLE, LVM, Filesystem, Layout, Partition, Role, Volume
from boatyard_installer.answers import Encryption, LayoutChoice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boatyard.kickstart.draft import Draft
    from boatyard.kickstart.statement import Statement

Type = Literal["ext4", "xfs", "vfat", "swap"]
COMMANDS = ("part", "partition", "volgroup", "logvol", "reqpart", "autopart")
ROLES = {"/": Role.ROOT, "/boot": Role.BOOT, "/boot/efi": Role.ESP, "swap": Role.SWAP, "biosboot": Role.BIOS_BOOT}
TYPES: dict[str, Type] = {"ext4": "ext4", "xfs": "xfs", "vfat": "vfat", "efi": "vfat", "swap": "swap"}
# An existing partition or volume that is kept; making a new one in its place would destroy it.
KEPT = frozenset({"onpart", "usepart", "noformat", "resize", "useexisting"})
PLAIN_TYPE, LVM_TYPE = 0, 2  # pykickstart.constants.AUTOPART_TYPE_*


@dataclass(slots=True)
class _Parts:
    """A layout in the making."""

    partitions: list[Partition] = field(default_factory=list)
    volumes: list[Volume] = field(default_factory=list)
    filesystems: list[Filesystem] = field(default_factory=list)
    group: str = ""  # the volume group
    member: str = ""  # its physical volume, as in pv.01

    def free_name(self, wanted: str) -> str:
        """A name for a partition that none has."""
        taken = {partition.name for partition in self.partitions} | {self.group}
        name = re.sub(r"[^A-Za-z0-9_.+-]", "-", wanted.strip("/"))[:12].strip("-._+") or "data"
        return next(one for one in (name, *(f"{name}-{number}" for number in range(2, 999))) if one not in taken)


def convert_layout(statements: Sequence[Statement], draft: Draft) -> None:
    """Sets the layout that the commands about storage give, all of them together."""
    named = {statement.command: statement for statement in statements}
    encrypted = [one for one in statements if one.values.get("encrypted") and one.command != "logvol"]
    if "autopart" in named:
        _autopart(named["autopart"], draft)
    elif any(one.command in ("part", "partition", "logvol") for one in statements):
        draft.layout = _custom(statements, draft)
    containers = draft.layout.kind == "luks" or any(one.encrypt for one in draft.layout.partitions)
    if containers:
        draft.encryption = _encryption(encrypted, draft)


def _autopart(statement: Statement, draft: Draft) -> None:
    values, where = statement.values, statement.where
    wanted = values["type"] if values["type"] is not None else LVM_TYPE
    if wanted not in (PLAIN_TYPE, LVM_TYPE):
        draft.lose(where, "autopart --type: lvm and plain are known; it becomes lvm")
    kind: Literal["lvm", "plain", "luks"] = "plain" if wanted == PLAIN_TYPE or "nolvm" in statement.options else "lvm"
    if values["encrypted"]:
        if kind == "plain":
            draft.lose(where, "autopart --type=plain --encrypted: it becomes LVM in a LUKS2 container")
        kind = "luks"
    if values["fstype"] not in ("", "ext4", "xfs"):
        draft.lose(where, f"autopart --fstype={values['fstype'][:40]}: ext4 and xfs are known; it becomes ext4")
    if values["noboot"]:
        draft.lose(where, "autopart --noboot: /boot is always a partition of its own")
    draft.layout = LayoutChoice(kind=kind, filesystem="xfs" if values["fstype"] == "xfs" else "ext4")


def _encryption(statements: Sequence[Statement], draft: Draft) -> Encryption:
    """The passphrase, which all containers have in common. Without one it is asked for, as Anaconda does."""
    phrases = [one.values["passphrase"] for one in statements if one.values.get("passphrase")]
    for one in statements:
        if one.values.get("luks_version") not in ("", "luks2", None):
            draft.lose(one.where, f"{one.command} --luks-version: containers are LUKS2")
    if len(set(phrases)) > 1:
        draft.lose(statements[0].where, "the passphrases are not the same; the first is for all containers")
    if not phrases:
        if statements:
            told = f"{statements[0].command} --encrypted: the passphrase is asked for at the console"
            draft.remark(statements[0].where, told, '`source = "random"` in [encryption] makes one up and shows it')
        return Encryption(source="prompt")
    try:
        return Encryption(passphrase=phrases[0])
    except ValueError as error:
        draft.lose(statements[0].where, f"{statements[0].command} --passphrase: {error}; it is asked for")
        return Encryption(source="prompt")


def _custom(statements: Sequence[Statement], draft: Draft) -> LayoutChoice:
    made = _Parts()
    _volume_group(statements, made, draft)
    for statement in statements:
        if KEPT & set(statement.options):
            what = f"{statement.command}: the disk is taken as a whole, nothing on it is kept"
            draft.lose(statement.where, what)
        elif statement.command in ("part", "partition"):
            _partition(statement, made, draft)
        elif statement.command == "logvol":
            _volume(statement, made, draft)
    _add_required(statements, made, draft)
    try:
        Layout(partitions=tuple(made.partitions), volumes=tuple(made.volumes), filesystems=tuple(made.filesystems))
        return LayoutChoice(
            kind="custom",
            partitions=tuple(made.partitions),
            volumes=tuple(made.volumes),
            filesystems=tuple(made.filesystems),
        )
    except ValueError as error:
        # Nobody who asked for encryption gets a disk without.
        kind: Literal["luks", "lvm"] = "luks" if any(one.values.get("encrypted") for one in statements) else "lvm"
        draft.lose(
            statements[0].where, f"the layout: {error}", f"the answers have the usual one, {kind!r}; mend it there"
        )
        return LayoutChoice(kind=kind)


def _volume_group(statements: Sequence[Statement], made: _Parts, draft: Draft) -> None:
    for statement in (one for one in statements if one.command == "volgroup"):
        values = statement.values
        if made.group:
            draft.lose(statement.where, f"volgroup: {values['vgname'][:40]!r}: a layout has one volume group")
            continue
        made.group = values["vgname"] if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,15}", values["vgname"]) else "vg0"
        if made.group != values["vgname"]:
            draft.lose(statement.where, f"volgroup: {values['vgname'][:40]!r} is no name here; it becomes 'vg0'")
        members = values["physvols"]
        grown = [one.values["mountpoint"] for one in statements if one.command != "logvol" and one.values.get("grow")]
        made.member = next((one for one in members if one in grown), next(iter(members), ""))
        if len(members) > 1:
            draft.lose(statement.where, f"volgroup: a volume group is on one partition, here {made.member[:40]!r}")


def _partition(statement: Statement, made: _Parts, draft: Draft) -> None:
    values, where = statement.values, statement.where
    on_disk(values["disk"] or "", statement, draft)
    mount = "biosboot" if values["fstype"] == "biosboot" else "swap" if values["fstype"] == "swap" else ""
    mount = mount or values["mountpoint"]
    member = mount.startswith("pv.")
    if member and mount != made.member:
        draft.lose(where, f"part: {mount[:40]!r} is in no volume group of this layout")
        return
    if not member and mount not in ROLES and not mount.startswith("/"):
        draft.lose(where, f"part: {mount[:40]!r}: only file systems, swap and LVM are known")
        return
    role = Role.LVM if member else ROLES.get(mount, Role.DATA)
    names = {Role.LVM: made.group, Role.DATA: mount, Role.BIOS_BOOT: "bios"}
    name = made.group if member else made.free_name(names.get(role, str(role)))
    encrypt = bool(values["encrypted"])
    if encrypt and role not in ENCRYPTABLE:
        draft.lose(where, f"part {mount} --encrypted: boot loaders open no container")
        encrypt = False
    size = _size(statement, [one.size for one in made.partitions], draft)
    if size and _made(lambda: made.partitions.append(Partition(name=name, role=role, size=size, encrypt=encrypt)),
                      statement, draft) and role not in (Role.LVM, Role.BIOS_BOOT):  # fmt: skip
        _filesystem(statement, name, mount, made, draft)


def _volume(statement: Statement, made: _Parts, draft: Draft) -> None:
    values, where = statement.values, statement.where
    if values["thin_pool"] or values["thin_volume"]:
        draft.lose(where, "logvol: thin volumes are not known")
        return
    if not made.group or values["vgname"] not in (made.group, *(() if made.group != "vg0" else (values["vgname"],))):
        draft.lose(where, f"logvol: the volume group {values['vgname'][:40]!r} is not in this layout")
        return
    if values["encrypted"]:
        draft.lose(where, "logvol --encrypted: the partition of the volume group can be a container, a volume cannot",
                   "put --encrypted on `part pv.…`")  # fmt: skip
    mount = "swap" if values["fstype"] == "swap" else values["mountpoint"]
    size = _size(statement, [one.size for one in made.volumes], draft)
    if size and _made(lambda: made.volumes.append(Volume(name=values["name"], size=size)), statement, draft):
        _filesystem(statement, f"{made.group}/{values['name']}", mount, made, draft)


def _size(statement: Statement, others: Sequence[str], draft: Draft) -> str:
    """MiB, a percentage, or the rest for what grows; empty when the line says none."""
    values, where = statement.values, statement.where
    if values["maxSizeMB"]:
        draft.lose(where, f"{statement.command} --maxsize: what grows takes the rest")
    if values["grow"]:
        if "rest" not in others:
            return "rest"
        draft.lose(where, f"{statement.command} --grow: only one takes the rest; this one keeps its size")
    if values.get("percent"):
        return f"{values['percent']}%"
    if values["size"]:
        return f"{values['size']} MiB"
    draft.lose(where, f"{statement.command}: it has no size of its own", "give --size in MiB")
    return ""


def _filesystem(statement: Statement, on: str, mount: str, made: _Parts, draft: Draft) -> None:
    values, where = statement.values, statement.where
    default: Type = "swap" if mount == "swap" else "vfat" if mount == "/boot/efi" else "ext4"
    kind = TYPES.get(values["fstype"] or default)
    if kind is None:
        draft.lose(where, f"{statement.command} --fstype={values['fstype'][:40]}: it becomes {default}")
        kind = default
    options = values["fsopts"] if values["fsopts"] not in ("", "defaults", None) else ""
    if mount == "/boot/efi" and not options:
        options = "umask=0077,nofail"
    given: dict[str, Any] = {"on": on, "type": kind, "mount": "" if kind == "swap" else mount}
    if _made(lambda: Filesystem(**given, label=values["label"] or "", options=options), statement, draft):
        given |= {"label": values["label"] or "", "options": options}
    _made(lambda: made.filesystems.append(Filesystem(**given)), statement, draft)


def _add_required(statements: Sequence[Statement], made: _Parts, draft: Draft) -> None:
    """What a disk starts from, for `reqpart` and for layouts that no firmware would start."""
    required = next((one for one in statements if one.command == "reqpart"), None)
    roles = {partition.role for partition in made.partitions}
    wanted: list[str] = []
    if required is not None or not {Role.ESP, Role.BIOS_BOOT} & roles:
        wanted += [name for name, role in (("bios", Role.BIOS_BOOT), ("esp", Role.ESP)) if role not in roles]
    if required is not None and required.values["addBoot"] and Role.BOOT not in roles:
        wanted.append("boot")
    wanted = [name for name in wanted if name not in {partition.name for partition in made.partitions}]
    made.partitions[:0] = [one for one in LVM.partitions if one.name in wanted]
    made.filesystems[:0] = [one for one in LVM.filesystems if one.on in wanted]
    if Role.BIOS_BOOT not in roles and "bios" not in wanted:
        draft.remark(
            statements[0].where, "this layout starts under UEFI only", "`part biosboot --fstype=biosboot --size=1`"
        )
    if wanted and required is None:
        draft.remark(statements[0].where, f"to start from the disk, it also gets the partitions {', '.join(wanted)}")


def _made(make: Any, statement: Statement, draft: Draft) -> bool:
    """Whether it could be made; a note says why not."""
    try:
        make()
    except ValueError as error:
        draft.lose(statement.where, f"{statement.command}: {error}")
        return False
    return True
