"""What a build can see of a package, and all that the package installs, each as one digest.

A build whose buildroot has packages of the same interfaces is not repeated (early cut-off). The rules, and where they
may be wrong, are in docs/explanation/what-is-rebuilt.md; `RULES` is to be raised with every change of them.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from boatyard.artifact.build_result import UsedPackage
from boatyard.artifact.codec import Artifact, find_sealed, save_sealed
from boatyard.base.digest import fingerprint
from boatyard.base.error import BuildError
from boatyard.rpm.capability import EPOCH, RELEASE, VERSION, capabilities, scriptlets
from boatyard.rpm.elf import read_library
from boatyard.rpm.file_class import FileClass, class_of
from boatyard.rpm.payload import MAX_CONTENT, contents, digest_name, files_of
from boatyard.rpm.tag import read_tags

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from boatyard.artifact.build_result import RpmFile
    from boatyard.rpm.payload import PackedFile
    from boatyard.rpm.tag import Tags

RULES = 2
NAME, ARCH = 1000, 1022
Kind = Literal["tool", "library", "devel", "language", "documentation", "other"]
READ = (FileClass.LIBRARY, FileClass.CONFIG_PROGRAM)


class Interface(Artifact, frozen=True):
    """The digests of a package, lower-case hex. Of kinds `tool` and `other` everything counts, but for the release."""

    kind: Kind
    interface: str
    payload: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the digests of a package are made from, in words: `file /usr/include/z.h` → `0644 …`.

    `seen`: what builds can see; `installed`: all, without build time, build host, signature and compression.
    """

    kind: Kind
    seen: Mapping[str, str]
    installed: Mapping[str, str]

    @property
    def digests(self) -> Interface:
        return Interface(
            kind=self.kind,
            interface=fingerprint(["interface", RULES, self.seen]),
            payload=fingerprint(["payload", RULES, self.installed]),
        )


def used_package(rpm: RpmFile, cache: Path, component: str = "") -> UsedPackage:
    """A package of a buildroot with its digests. `component`: whose it is; empty for one that is not ours."""
    digests = find_interface(rpm, cache)
    return UsedPackage(
        name=rpm.name,
        evr=rpm.evr,
        arch=rpm.arch,
        sha256=rpm.sha256,
        interface=digests.interface,
        payload=digests.payload,
        component=component,
    )


def find_interface(rpm: RpmFile, cache: Path) -> Interface:
    """The digests of an RPM, kept below `cache` by the RPM's own digest; BuildError when it is damaged."""
    record = cache / f"interface-{RULES}" / rpm.sha256[:2] / f"{rpm.sha256}.json"
    known = find_sealed(Interface, record)
    if known is None:
        known = read_manifest(rpm.path).digests
        save_sealed(known, record)
    return known


def read_manifest(path: Path) -> Manifest:
    """What an RPM file installs and shows to builds. Only libraries are unpacked; the rest stands in the header."""
    try:
        return _manifest(path, read_tags(path))
    except BuildError as error:
        problem = error.problems[0]
        if str(path.name) in problem.what:
            raise
        raise BuildError(f"{path.name}: {problem.what}", hint=problem.hint) from error


def _manifest(path: Path, tags: Tags) -> Manifest:
    files = files_of(tags)
    if not digest_name(tags) and any(file.digest for file in files):
        raise BuildError("its files have no digest that can be relied on", hint="build the package anew")
    every = {f"file {file.path}": _installed(file, files) for file in files}
    installed = (
        _head(tags) | {"release": tags.text(RELEASE)} | capabilities(tags, exact=True) | scriptlets(tags) | every
    )
    classes, exports = _classes(path, tags, files)
    kind = _kind(set(classes.values()))
    seen = _head(tags) | capabilities(tags, exact=False) | scriptlets(tags)
    if kind in ("tool", "other"):
        return Manifest(kind, seen | every, installed)
    for file in files:
        if file.path in exports:
            seen |= exports[file.path]
        elif classes[file.path] is not FileClass.UNSEEN:
            seen[f"file {file.path}"] = _seen(file)
    return Manifest(kind, seen, installed)


def _classes(
    path: Path, tags: Tags, files: tuple[PackedFile, ...]
) -> tuple[dict[str, FileClass], dict[str, dict[str, str]]]:
    """The class of each file, and what each library offers; libraries that cannot be read count with their bytes."""
    paths = frozenset(file.path for file in files)
    classes = {file.path: class_of(file, paths) for file in files}
    exports: dict[str, dict[str, str]] = {}
    if FileClass.PROGRAM in classes.values():
        return classes, exports  # everything counts, whatever else there is
    for file, data in contents(path, tags, files, lambda file: classes[file.path] in READ and file.size <= MAX_CONTENT):
        if classes[file.path] is FileClass.CONFIG_PROGRAM:
            classes[file.path] = FileClass.DEVEL if data.startswith(b"#!") else FileClass.PROGRAM
        elif offered := _exports(file, data):
            exports[file.path] = offered
        else:
            classes[file.path] = FileClass.DEVEL  # a linker script, or nothing that can be linked to by name
    return classes, exports


def _kind(classes: set[FileClass]) -> Kind:
    if not classes.isdisjoint({FileClass.PROGRAM, FileClass.CONFIG_PROGRAM}):
        return "tool"
    if FileClass.LIBRARY in classes:
        return "library"
    if FileClass.DEVEL in classes:
        return "devel"
    if FileClass.LANGUAGE in classes:
        return "language"
    return "other" if FileClass.OTHER in classes else "documentation"


def _exports(file: PackedFile, data: bytes) -> dict[str, str]:
    """What a library offers; empty when it has no soname or is no library, so that its bytes are to count."""
    try:
        library = read_library(data)
    except ValueError:
        return {}
    if not library.soname:
        return {}
    name = f"library {file.path}"
    known = {
        name: f"{library.soname} for {library.machine}",
        f"{name} needs": " ".join(library.needed),
        f"{name} searches": ":".join(library.run_path),
    }
    for symbol in library.symbols:
        words = symbol.split(" ")
        known[f"{name} {words[0]}"] = " ".join(words[1:])
    return known


def _head(tags: Tags) -> dict[str, str]:
    return {
        "name": tags.text(NAME),
        "version": f"{tags.number(EPOCH)}:{tags.text(VERSION)}",
        "arch": tags.text(ARCH),
    }


def _seen(file: PackedFile) -> str:
    """What a build can tell of a file; a configuration file as rpm puts it there."""
    words = [f"{file.mode:o}", file.target, file.caps]
    return " ".join(word for word in (*words, "" if file.is_ghost else file.digest) if word)


def _installed(file: PackedFile, files: tuple[PackedFile, ...]) -> str:
    twin = files[file.twin].path if files[file.twin] is not file else ""
    words = [_seen(file), f"{file.owner}:{file.group}", f"flags {file.flags:x}", f"verify {file.verify:x}"]
    words += [f"language {file.language}"] if file.language else []
    words += [f"device {file.device}"] if stat.S_ISCHR(file.mode) or stat.S_ISBLK(file.mode) else []
    return " ".join(words + ([f"same as {twin}"] if twin else []))
