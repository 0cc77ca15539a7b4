"""Kernel modules of a root file system: which are there, what they depend on, and an index over some of them."""

from __future__ import annotations

import gzip
import lzma
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard_boot.error import BootError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    # Decompresses zstd, which Python's standard library could not for long, to at most so many bytes.
    Unpack = Callable[[bytes, int], bytes]

MODULES = "usr/lib/modules"
SUFFIX = re.compile(r"\.ko(\.(xz|zst|gz))?$")
MAX_MODULE = 64 << 20


@dataclass(frozen=True, slots=True)
class ModuleIndex:
    """modules.dep and its companions. Names have `_` for `-`, as the kernel compares them; paths are depmod's."""

    folder: Path
    path: Mapping[str, str]
    needs: Mapping[str, tuple[str, ...]]
    soft: Mapping[str, tuple[str, ...]]
    built_in: frozenset[str]

    def closure(self, names: Iterable[str]) -> tuple[str, ...]:
        """The named modules that exist apart from the kernel, with all they depend on, sorted."""
        found: set[str] = set()
        todo = [name.replace("-", "_") for name in names]
        while todo:
            name = todo.pop()
            if name in self.path and name not in found:
                found.add(name)
                todo.extend((*self.needs[name], *self.soft.get(name, ())))
        return tuple(sorted(found))

    def has(self, name: str) -> bool:
        """Whether the kernel can do it, as a module or built in."""
        return name in self.path or name in self.built_in


def newest_kernel(root: Path) -> str:
    """The release of the newest kernel in a root; BootError when there is none."""
    found = [path.name for path in (root / MODULES).glob("*") if (path / "modules.dep").is_file()]
    if not found:
        raise BootError("the root file system has no kernel", hint="add a kernel to the image's packages")
    return max(found, key=version_order)


def version_order(release: str) -> list[tuple[int, int, str]]:
    """A key that sorts the releases of kernels.

    Numbers compare as numbers and come after words, so 6.12.107 is newer than 6.12.9 and than 6.12-rc1.
    """
    parts = re.findall(r"[0-9]+|[A-Za-z]+", release)
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts]


def read_index(root: Path, kernel: str) -> ModuleIndex:
    """The modules of one kernel."""
    folder = root / MODULES / kernel
    path: dict[str, str] = {}
    needs: dict[str, tuple[str, ...]] = {}
    for line in _lines(folder / "modules.dep"):
        file, _, wanted = line.partition(":")
        path[module_name(file)] = file
        needs[module_name(file)] = tuple(module_name(other) for other in wanted.split())
    soft: dict[str, tuple[str, ...]] = {}
    for line in _lines(folder / "modules.softdep"):
        keyword, name, *words = line.split()
        if keyword == "softdep":
            wanted_too = tuple(word.replace("-", "_") for word in words if not word.endswith(":"))
            soft[name] = (*soft.get(name, ()), *wanted_too)
    built_in = frozenset(module_name(line) for line in _lines(folder / "modules.builtin"))
    return ModuleIndex(folder, path, needs, soft, built_in)


def module_name(path: str) -> str:
    return SUFFIX.sub("", path.rpartition("/")[2]).replace("-", "_")


def module_bytes(file: Path, unpack: Unpack) -> bytes:
    """A module's ELF file, decompressed: the initrd compresses all of them together, which is smaller."""
    data = file.read_bytes()
    if file.suffix == ".xz":
        data = lzma.LZMADecompressor().decompress(data, MAX_MODULE)
    elif file.suffix == ".gz":
        data = gzip.decompress(data)
    elif file.suffix == ".zst":
        data = unpack(data, MAX_MODULE)
    if data[:4] != b"\x7fELF":
        raise BootError(f"{file} is not a kernel module")
    return data


def subset_index(index: ModuleIndex, names: Iterable[str]) -> dict[str, bytes]:
    """The files modules.dep, .alias, .softdep and .builtin for some modules, uncompressed; modprobe reads the texts."""
    kept = set(names)

    def plain(name: str) -> str:
        return SUFFIX.sub(".ko", index.path[name])

    dep = []
    for name in sorted(kept):
        dep.append(f"{plain(name)}: {' '.join(plain(other) for other in index.needs[name])}".rstrip())
    alias = [line for line in _lines(index.folder / "modules.alias") if line.split()[-1].replace("-", "_") in kept]
    files = {"modules.dep": dep, "modules.alias": alias}
    for name in ("modules.softdep", "modules.builtin"):
        files[name] = list(_lines(index.folder / name))
    return {name: "".join(f"{line}\n" for line in lines).encode() for name, lines in files.items()}


def _lines(file: Path) -> list[str]:
    if not file.is_file():
        return []
    return [line for line in file.read_text("utf-8").splitlines() if line and not line.startswith("#")]
