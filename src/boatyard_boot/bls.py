"""Entries of the Boot Loader Specification, type 1: one text file for each kernel (UAPI.1, "Type #1 entries")."""

from __future__ import annotations

from dataclasses import dataclass

FOLDER = "loader/entries"


@dataclass(frozen=True, slots=True, kw_only=True)
class BootEntry:
    """What one file says. `linux` and `initrd` are paths on the file system that holds /boot; `options` one line."""

    title: str
    version: str
    linux: str
    initrd: tuple[str, ...]
    options: str = ""
    sort_key: str = ""
    machine_id: str = ""


def render(entry: BootEntry) -> str:
    """The text of the file."""
    fields = (
        ("title", entry.title),
        ("version", entry.version),
        ("machine-id", entry.machine_id),
        ("sort-key", entry.sort_key),
        ("options", entry.options),
        ("linux", entry.linux),
        *(("initrd", path) for path in entry.initrd),
    )
    return "".join(f"{key:<10} {value}\n" for key, value in fields if value)


def parse(text: str) -> BootEntry | None:
    """The entry in a text; None when it starts no Linux. What this package does not know is left out."""
    found: dict[str, list[str]] = {}
    for line in filter(str.strip, text.splitlines()):
        key, *value = line.split(maxsplit=1)
        if value and not key.startswith("#"):
            found.setdefault(key, []).append(value[0].strip())
    if "linux" not in found:
        return None

    def last(key: str) -> str:
        return found.get(key, [""])[-1]

    return BootEntry(
        title=last("title") or "Linux",
        version=last("version"),
        linux=last("linux"),
        initrd=tuple(found.get("initrd", ())),
        options=" ".join(found.get("options", ())),
        sort_key=last("sort-key"),
        machine_id=last("machine-id"),
    )
