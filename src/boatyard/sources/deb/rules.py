"""Applies repackaging rules to the files of one .deb: what is left out, moved, added, and how each file is marked."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from boatyard.base.error import ConfigError
from boatyard.sources.deb.archive import Entry, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from boatyard.config.model.seed import PackageRules, Seed
    from boatyard.sources.deb.archive import Deb

ELF_MAGIC = b"\x7fELF"
# Debian keeps licences among the documentation, which small images leave out; RPM distributions keep them apart.
DEBIAN_LICENSE = re.compile(r"/usr/share/doc/([^/]+)/copyright")
LICENSE = re.compile(r"/usr/share/licenses/[^/]+/copyright")


@dataclass(frozen=True, slots=True)
class PackagedFile:
    """A file as the spec lists it."""

    entry: Entry
    config: bool = False
    ghost: bool = False
    license: bool = False
    verify: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether the folder that holds it may stand for it in %files."""
        marked = self.config or self.ghost or self.license or self.verify
        return not marked and (self.entry.user, self.entry.group) == ("root", "root") and self.has_plain_mode

    @property
    def has_plain_mode(self) -> bool:
        """0755 for folders, 0755 or 0644 for files: what the payload says, and rpm takes from there."""
        return self.entry.kind is Kind.LINK or self.entry.mode == payload_mode(self.entry)


def payload_mode(entry: Entry) -> int:
    """The mode in the payload, which no special right depends on: what differs is said by %attr."""
    return 0o755 if entry.kind is Kind.DIRECTORY or entry.mode & 0o111 else 0o644


def path_filter(dropped: Iterable[str], kept: Iterable[str]) -> Callable[[str], bool]:
    """Says of a path whether it stays: not below what is dropped, or below what is kept all the same."""
    drop, keep = _union(dropped), _union(kept)
    return lambda path: drop.match(path) is None or keep.match(path) is not None


def _union(globs: Iterable[str]) -> re.Pattern[str]:
    """Matches the paths that fit one of the globs and all that is below them."""
    parts = [glob_pattern(glob) for glob in globs]
    return re.compile(f"(?:{'|'.join(parts)})(?:/|$)" if parts else r"(?!)")


def glob_pattern(glob: str) -> str:
    """A glob as a regular expression: `**` for anything, `*` and `?` within a name."""
    words = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(words.get(part) or re.escape(part) for part in re.split(r"(\*\*|\*|\?)", glob))


def package_filter(rules: PackageRules, seed: Seed) -> Callable[[str], bool]:
    """Which paths of a .deb its subpackage takes, by the rules of the seed and of the subpackage."""
    return path_filter((*seed.drop_paths, *rules.drop_paths), (*seed.keep_paths, *rules.keep_paths))


def apply_rules(deb: Deb, rules: PackageRules, seed: Seed, origin: str) -> tuple[PackagedFile, ...]:
    """The files of one subpackage, sorted by path. `origin` is its name in errors: ConfigError for a vain rule."""
    found = {entry.path: entry for entry in deb.entries}
    for path in [path for path in found if DEBIAN_LICENSE.fullmatch(path)]:
        _rename(found, path, DEBIAN_LICENSE.sub(r"/usr/share/licenses/\1/copyright", path))
    left = _move(found, rules, origin)
    _without_empty(found, package_filter(rules, seed), frozenset(seed.shared_directories))
    added = _added(found, rules, origin)
    files = _new_folders(found | added, seed) | found | added
    ghosts = {path.rstrip("/"): _ghost(path, mode) for path, mode in rules.ghosts.items()}
    ghosts |= {path: replace(left[path], data=b"") for path in left}
    files |= ghosts
    for path, mode in rules.modes.items():
        files[path] = replace(_one(files, path, "modes", origin), mode=int(mode, 8))
    for path, owner in rules.owners.items():
        user, _, group = owner.partition(":")
        files[path] = replace(_one(files, path, "owners", origin), user=user, group=group or user)
    for path in (*rules.config, *rules.verify):
        _one(files, path, "config or verify", origin)
    config = deb.conffiles | set(rules.config)
    return tuple(
        PackagedFile(
            entry=_executable_library(files[path]),
            config=path in config and files[path].kind is not Kind.DIRECTORY,
            ghost=path in ghosts,
            license=LICENSE.fullmatch(path) is not None and files[path].kind is Kind.FILE,
            verify=rules.verify.get(path, ""),
        )
        for path in sorted(files)
    )


def _move(found: dict[str, Entry], rules: PackageRules, origin: str) -> dict[str, Entry]:
    """Moves files; gives what was at the places that remain as ghosts."""
    left: dict[str, Entry] = {}
    for move in rules.moves:
        pattern = re.compile(move.path)
        moved = [(path, match) for path in found if (match := pattern.fullmatch(path))]
        if not moved:
            raise _no_effect("moves", move.path, origin)
        for path, match in moved:
            if move.ghost:
                left[path] = found[path]
            _rename(found, path, match.expand(move.to))
    return left


def _rename(found: dict[str, Entry], path: str, to: str) -> None:
    found[to] = replace(found.pop(path), path=to)


def _without_empty(found: dict[str, Entry], wanted: Callable[[str], bool], shared: frozenset[str]) -> None:
    """Leaves out folders of the package `filesystem`, and dropped ones that nothing kept is in."""
    kept = {path for path, entry in found.items() if entry.kind is not Kind.DIRECTORY or wanted(path)}
    parents = {parent for path in kept for parent in parents_of(path)}
    for path in found.keys() - kept | shared & found.keys():
        if path in shared or path not in parents:
            del found[path]


def parents_of(path: str) -> list[str]:
    """`/usr/bin/x` → `/usr`, `/usr/bin`."""
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(2, len(parts))]


def _added(found: dict[str, Entry], rules: PackageRules, origin: str) -> dict[str, Entry]:
    """Copies, joins, links, files and folders that the rules add; their date is that of the newest file."""
    mtime = max((entry.mtime for entry in found.values()), default=0)
    added: dict[str, Entry] = {}
    for path, source in rules.copies.items():
        added[path] = replace(_one(found, source, "copies", origin), path=path)
    for path, glob in rules.joins.items():
        pattern = re.compile(glob_pattern(glob))
        parts = [found[name].data for name in sorted(found) if pattern.fullmatch(name)]
        if not parts:
            raise _no_effect("joins", glob, origin)
        added[path] = Entry(path=path, mtime=mtime, data=b"".join(parts))
    for path, target in rules.links.items():
        added[path] = Entry(path=path, kind=Kind.LINK, mode=0o777, mtime=mtime, target=target)
    for path, text in rules.files.items():
        added[path] = Entry(path=path, mtime=mtime, data=text.encode())
    for path, mode in rules.directories.items():
        added[path] = Entry(path=path, kind=Kind.DIRECTORY, mode=int(mode, 8), mtime=mtime)
    return added


def _new_folders(files: dict[str, Entry], seed: Seed) -> dict[str, Entry]:
    """The folders that moved and added files bring along, but for those of the package `filesystem`."""
    parents = {parent for path in files for parent in parents_of(path)} - files.keys() - set(seed.shared_directories)
    return {path: Entry(path=path, kind=Kind.DIRECTORY, mode=0o755) for path in parents}


def _ghost(path: str, mode: str) -> Entry:
    kind = Kind.DIRECTORY if path.endswith("/") else Kind.FILE
    return Entry(path=path.rstrip("/"), kind=kind, mode=int(mode, 8))


def _executable_library(entry: Entry) -> Entry:
    """Debian's libraries are 0644, and rpm looks for requirements only in executable files (elf.attr)."""
    if ".so" in entry.path and entry.data.startswith(ELF_MAGIC):
        return replace(entry, mode=entry.mode | 0o755)
    return entry


def _one(files: dict[str, Entry], path: str, rule: str, origin: str) -> Entry:
    if path not in files:
        raise _no_effect(rule, path, origin)
    return files[path]


def _no_effect(rule: str, path: str, origin: str) -> ConfigError:
    return ConfigError(
        f"{origin}: the rule {rule} names {path}, which the package does not hold",
        hint="upstream may have moved it: see the .deb's own list of files, then correct or remove the rule",
    )
