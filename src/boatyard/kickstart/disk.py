"""Which disk: `clearpart`, `zerombr`, `ignoredisk` and every `--ondisk` come together in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from boatyard.kickstart.draft import Draft
    from boatyard.kickstart.statement import Statement

BY_ID = "disk/by-id/"
CLEAR_LINUX, CLEAR_ALL, CLEAR_LIST = 0, 1, 3  # pykickstart.constants.CLEARPART_TYPE_*; none is 2, unsaid is None


def on_disk(name: str, statement: Statement, draft: Draft) -> None:
    """Notes the disk that a command names. Names as `sda` say nothing on another machine, or after another start."""
    plain = name.removeprefix("/dev/")
    if not plain or plain in draft.disk_names:
        return
    draft.disk_names.add(plain)
    if not plain.startswith(BY_ID):
        draft.lose(
            statement.where,
            f"{statement.command}: the name {name[:80]!r} may be another disk at the next start; it chooses none",
            "give `serial`, `by-id`, `bus` or a range of sizes in [disk]; without them there must be only one disk",
        )
    elif draft.disk.by_id:
        draft.lose(statement.where, f"{statement.command}: {name[:80]!r}: a system is installed on one disk")
    else:
        draft.disk = draft.change(draft.disk, statement, by_id=plain.removeprefix(BY_ID))


def clearpart(statement: Statement, draft: Draft) -> None:
    """`clearpart --all --initlabel --drives=…`: the chosen disk may be overwritten. No other is touched."""
    values, where = statement.values, statement.where
    for name in values["drives"]:
        on_disk(name, statement, draft)
    if values["type"] == CLEAR_ALL:
        draft.disk = draft.change(draft.disk, statement, wipe=True)
        if not values["drives"]:
            draft.remark(where, "clearpart --all: only the disk that is installed on is overwritten")
    elif values["type"] in (CLEAR_LINUX, CLEAR_LIST):
        hint = "`wipe = true` in [disk], or `clearpart --all`, gives it all"
        draft.lose(where, "clearpart: a disk is taken as a whole; without --all one that holds data is refused", hint)
    if values.get("disklabel") not in ("", None, "gpt"):
        draft.lose(where, f"clearpart --disklabel={values['disklabel']}: disks get a GPT")


def zerombr(statement: Statement, draft: Draft) -> None:
    """`zerombr`: a new partition table is always written."""


def ignoredisk(statement: Statement, draft: Draft) -> None:
    """`ignoredisk --only-use=/dev/disk/by-id/…`."""
    for name in statement.values["onlyuse"]:
        on_disk(name, statement, draft)
    if statement.values["ignoredisk"]:
        hint = "say which disk to take: `ignoredisk --only-use=/dev/disk/by-id/…`"
        draft.lose(statement.where, "ignoredisk --drives: answers say which disk to take, not which to leave", hint)


def boot_drive(statement: Statement, draft: Draft) -> None:
    """`bootloader --boot-drive`: the boot loader is on the disk that is installed on."""
    on_disk(statement.values["bootDrive"] or "", statement, draft)
