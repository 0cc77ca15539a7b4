"""Small .debs made by hand, sound ones and others."""

from __future__ import annotations

import gzip
import io
import lzma
import tarfile
from typing import TYPE_CHECKING

import zstandard

if TYPE_CHECKING:
    from collections.abc import Iterable

DATE = 1_700_000_000
CONTROL = {
    "Package": "tool",
    "Version": "1:2.0-3",
    "Architecture": "amd64",
    "Homepage": "https://tool.invalid/",
    "Description": "a tool\n It does 100% of the work:\n .\n %files is no section here",
}
PACK = {
    "xz": lzma.compress,
    "zst": zstandard.ZstdCompressor().compress,
    "gz": lambda data: gzip.compress(data, mtime=0),
    "": bytes,
}


def a_file(name: str, data: bytes = b"", *, mode: int = 0o644, **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    """A plain file of a tar; `fields` set further attributes of its TarInfo."""
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime, member.uname, member.gname = len(data), mode, DATE, "root", "root"
    for key, value in fields.items():
        setattr(member, key, value)
    return member, data


def a_folder(name: str, *, mode: int = 0o755) -> tuple[tarfile.TarInfo, bytes]:
    return a_file(name, mode=mode, type=tarfile.DIRTYPE)


def a_link(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    return a_file(name, mode=0o777, type=tarfile.SYMTYPE, linkname=target)


def tar_of(members: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for member, data in members:
            tar.addfile(member, io.BytesIO(data))
    return out.getvalue()


def ar_of(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    out.write(b"!<arch>\n")
    for name, data in members.items():
        out.write(f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n".encode())
        out.write(data + b"\n" * (len(data) % 2))
    return out.getvalue()


def a_deb(*members: tuple[tarfile.TarInfo, bytes], pack: str = "xz", conffiles: str = "", **control: str) -> bytes:
    """A .deb with the files given; `control` replaces fields of the control stanza (`pre_depends` for Pre-Depends)."""
    fields = CONTROL | {key.replace("_", "-").title(): value for key, value in control.items()}
    stanza = "".join(f"{key}: {value}\n" for key, value in fields.items())
    about = tar_of([a_file("./control", stanza.encode()), a_file("./conffiles", conffiles.encode())])
    suffix = f".{pack}" if pack else ""
    return ar_of(
        {
            "debian-binary": b"2.0\n",
            f"control.tar{suffix}": PACK[pack](about),
            f"data.tar{suffix}": PACK[pack](tar_of(members)),
        }
    )
