"""What an RPM installs: its files as the header lists them, and the contents of those that are asked for.

The payload is a cpio archive (newc, or rpm's own form for files of 4 GiB and more, which only counts the files),
compressed or not. Nothing is written; a content is given only when it has the size and digest that the header states,
which rpm checks as well when it installs.
"""

from __future__ import annotations

import hashlib
import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from boatyard.base.error import BuildError, SourceError
from boatyard.ports.compression import Bounds, decompressed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from boatyard.ports.tar import Readable
    from boatyard.rpm.tag import Tags

Item = TypeVar("Item")
GHOST = 1 << 6  # RPMFILE_GHOST in rpm's rpmfiles.h
DIGESTS = {8: "sha256", 9: "sha384", 10: "sha512"}  # RFC 9580 §9.5; MD5 and SHA-1 tell nothing apart any more
MAX_CONTENT = 512 << 20
MAX_NAME = 4096
MAX_FILES, MAX_NAMES = 1_000_000, 256 << 20
# Kernel modules and fonts pack well; nothing is kept of what is passed over, so this bounds only the time.
BOUNDS = Bounds(ratio=1000)
BLOCK = 1 << 20
_NEWC = re.compile(rb"07070[12][0-9a-fA-F]{104}")
_STRIPPED = re.compile(rb"07070X[0-9a-fA-F]{8}")
_TRAILER = b"TRAILER!!!"


@dataclass(frozen=True, slots=True)
class PackedFile:
    """A file, folder or link of an RPM. `digest`: of the content, hex, empty for all but regular files.

    `mode`: with the file's type; `flags`: rpm's file attributes; `twin`: the number of the first file of the package
    that is the same file under another name (a hard link), its own when there is none.
    """

    path: str
    mode: int
    owner: str
    group: str
    digest: str
    target: str
    flags: int
    verify: int
    caps: str
    language: str
    device: int
    size: int
    twin: int

    @property
    def is_regular(self) -> bool:
        return stat.S_ISREG(self.mode)

    @property
    def is_ghost(self) -> bool:
        """Whether the package owns the name and brings no content."""
        return bool(self.flags & GHOST)


def files_of(tags: Tags) -> tuple[PackedFile, ...]:
    """The files of a package, in the order of the header; BuildError for a header whose lists do not fit together."""
    names, folders, places = tags.strings(1117), tags.strings(1118), tags.numbers(1116)
    count = len(names)
    if len(places) != count or any(place >= len(folders) for place in places):
        raise BuildError("the package is damaged: its list of files does not fit together")
    lengths = [len(folders[place]) + len(name) for place, name in zip(places, names, strict=True)]
    if count > MAX_FILES or sum(lengths) > MAX_NAMES or max(lengths, default=0) > MAX_NAME:
        raise BuildError("the package has more files, or longer names, than any package may have")
    paths = [folders[place] + name for place, name in zip(places, names, strict=True)]
    if len(set(paths)) < count:
        raise BuildError("the package is damaged: it has a file twice")
    numbers = {
        tag: _whole(tags.numbers(tag), count, 0, tag) for tag in (1028, 1030, 1033, 1037, 1045, 1095, 1096, 5008)
    }
    strings = {tag: _whole(tags.strings(tag), count, "", tag) for tag in (1035, 1036, 1039, 1040, 1097, 5010)}
    sizes = numbers[5008] if tags.numbers(5008) else numbers[1028]
    first: dict[tuple[int, int], int] = {}
    return tuple(
        PackedFile(
            path=paths[at],
            mode=numbers[1030][at],
            owner=strings[1039][at],
            group=strings[1040][at],
            digest=strings[1035][at],
            target=strings[1036][at],
            flags=numbers[1037][at],
            verify=numbers[1045][at],
            caps=strings[5010][at],
            language=strings[1097][at],
            device=numbers[1033][at],
            size=sizes[at],
            twin=first.setdefault((numbers[1095][at], numbers[1096][at] or -at), at),
        )
        for at in range(count)
    )


def digest_name(tags: Tags) -> str:
    """hashlib's name for the digests of a package's files; empty when it is none that can be relied on."""
    return DIGESTS.get(tags.number(5011, 1), "")


def contents(
    path: Path, tags: Tags, files: tuple[PackedFile, ...], wanted: Callable[[PackedFile], bool]
) -> Iterator[tuple[PackedFile, bytes]]:
    """The files that are wanted, each with its content, in the order of the payload. BuildError when it is damaged.

    Of a file with several names each that is wanted is given, once the content comes by.
    """
    numbers = {number for number, file in enumerate(files) if file.is_regular and not file.is_ghost and wanted(file)}
    if not numbers:
        return
    names: dict[int, list[int]] = {}
    for number in numbers:
        names.setdefault(files[number].twin, []).append(number)
    algorithm = digest_name(tags)
    try:
        with decompressed(path, BOUNDS, tags.payload) as stream:
            for number, size in _members(stream, files):
                twin = files[number].twin
                if twin not in names or (size == 0 and files[number].size):  # the content comes with its last name
                    _skip(stream, size + -size % 4)
                    continue
                data = _content(stream, size, files[number])
                for name in names.pop(twin):
                    _check(files[name], data, algorithm)
                    yield files[name], data
                if not names:
                    return
    except SourceError as error:
        raise BuildError(f"{path.name}: {error.problems[0].what}") from error
    if names:
        raise BuildError(f"{path.name} is damaged: {files[min(names)].path} is not in its payload")


def _content(stream: Readable, size: int, file: PackedFile) -> bytes:
    if size != file.size or size > MAX_CONTENT:
        raise SourceError(f"{file.path} has another size than its header states, or is too large")
    data = _read(stream, size)
    _skip(stream, -size % 4)
    return data


def _check(file: PackedFile, data: bytes, algorithm: str) -> None:
    if algorithm and hashlib.new(algorithm, data).hexdigest() != file.digest:
        raise SourceError(f"{file.path} has another content than its header states")


def _members(stream: Readable, files: tuple[PackedFile, ...]) -> Iterator[tuple[int, int]]:
    """Number and size of each regular file; the caller reads or skips `size` bytes and what fills them up to 4."""
    last = {file.twin: number for number, file in enumerate(files)}
    number_of = {file.path: number for number, file in enumerate(files)}
    while True:
        start = _read(stream, 14)
        if _STRIPPED.fullmatch(start):
            number = int(start[6:], 16)
            _skip(stream, 2)
            if number >= len(files):
                raise SourceError("the payload has a file that is not in the header")
            size = _size_of(files[number]) if last[files[number].twin] == number else 0
        else:
            name, size = _newc_entry(stream, start)
            if name == _TRAILER:
                return
            path = name.decode("utf-8", "surrogateescape")
            found = number_of.get(path.removeprefix(".") if path.startswith("./") else f"/{path}", number_of.get(path))
            if found is None:
                raise SourceError("the payload has a file that is not in the header")
            number = found
        if files[number].is_regular:
            yield number, size
        else:
            _skip(stream, size + -size % 4)


def _size_of(file: PackedFile) -> int:
    return file.size if file.is_regular else len(file.target.encode("utf-8", "surrogateescape"))


def _newc_entry(stream: Readable, start: bytes) -> tuple[bytes, int]:
    header = start + _read(stream, 96)
    if not _NEWC.fullmatch(header):
        raise SourceError("the payload is no cpio archive")
    size, length = int(header[54:62], 16), int(header[94:102], 16)
    if not 0 < length <= MAX_NAME:
        raise SourceError("the payload has a name of an impossible length")
    name = _read(stream, length)
    _skip(stream, -(len(header) + length) % 4)
    return name.rstrip(b"\0"), size


def _skip(stream: Readable, size: int) -> None:
    while size > 0:
        size -= len(_read(stream, min(size, BLOCK)))


def _read(stream: Readable, size: int) -> bytes:
    parts, left = [], size
    while left:
        data = stream.read(min(left, BLOCK))
        if not data:
            raise SourceError("the payload ends too early")
        parts.append(data)
        left -= len(data)
    return b"".join(parts)


def _whole(values: tuple[Item, ...], count: int, missing: Item, tag: int) -> tuple[Item, ...]:
    if values and len(values) != count:
        raise BuildError(f"the package is damaged: tag {tag} has {len(values)} values for {count} files")
    return values or (missing,) * count
