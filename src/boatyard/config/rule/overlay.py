"""Rules for overlays (the validation matrix of azldev) in the words that its users search for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from boatyard.base.glob import compile_path
from boatyard.config.model.overlay import (
    FileAdd,
    FileRename,
    Metadata,
    Overlay,
    PatchAdd,
    PatchRemove,
    extensions,
    type_of,
)
from boatyard.config.rule.name import address_problem, file_name_problem, tree_path_problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boatyard.config.shape import Told
    from boatyard_installer.locate import Key

ARCHIVE = re.compile(r".+\.(tar|tar\.gz|tgz|tar\.xz|txz|tar\.zst|tzst)", re.IGNORECASE)
# One atom after the other, each with at most one of `*+?`: good for RE2 without loading it, which costs 10 ms.
_ATOM = r"(?:[^\\()\[\]{*+?|^$]|\\[.(){}\[\]*+?|^$\\/\-sSdDwW]|\[[A-Za-z0-9]+\]|\{(?![0-9,]))"
_SIMPLE = re.compile(rf"(?:\(\?m\))?\^?(?:{_ATOM}[*+?]?)*\$?")


def overlay_rules(overlay: Overlay, key: Key) -> Iterator[Told]:
    """What is wrong with one overlay."""
    kind = type_of(overlay)
    package, section = getattr(overlay, "package", ""), getattr(overlay, "section", None)
    if package and section == "":
        yield (
            key,
            f"overlay type {kind} requires section field: {overlay.description or '(no description)'}",
            ("a `package` chooses among the sections of a name"),
        )
    if (regex := getattr(overlay, "regex", "")) and not _SIMPLE.fullmatch(regex):
        yield from _regex_rules(regex, (*key, "regex"))
    if file := getattr(overlay, "file", ""):
        yield from _file_rules(overlay, kind, file, (*key, "file"))
    if isinstance(overlay, FileRename):
        yield from _rename_rules(overlay.replacement, (*key, "replacement"))
    if archive := getattr(overlay, "archive", ""):
        if problem := file_name_problem(archive):
            yield (*key, "archive"), problem, ""
        elif not ARCHIVE.fullmatch(archive):
            yield (*key, "archive"), f"{archive!r} is not a .tar, .tar.gz, .tar.xz or .tar.zst", ""
    if overlay.metadata is not None:
        yield from metadata_rules(overlay.metadata, (*key, "metadata"))


def _rename_rules(replacement: str, key: Key) -> Iterator[Told]:
    if "/" in replacement:
        what = "overlay type file-rename requires replacement to be a filename only"
        yield key, what, "remove the folder"
    elif replacement in (".", "..") or "\0" in replacement:
        yield key, f"{replacement!r} is not a name", ""


def _regex_rules(regex: str, key: Key) -> Iterator[Told]:
    from boatyard.base.regex import RegexError, compile_regex

    try:
        compile_regex(regex)
    except RegexError as error:
        hint = "the syntax is that of Go and RE2: no lookaround, no backreferences"
        yield key, f"invalid regex {regex!r} in overlay: {error}", hint


def _file_rules(overlay: Overlay, kind: str, file: str, key: Key) -> Iterator[Told]:
    if problem := tree_path_problem(file):
        yield (
            key,
            f"overlay type {kind} requires file to be a relative path: {problem}",
            "it is meant in the source tree",
        )
    elif not isinstance(overlay, FileAdd | PatchAdd):
        try:
            # As azldev does, a name without wildcards is taken literally, backslashes and all.
            if isinstance(overlay, PatchRemove) or any(char in file for char in "*?[{"):
                compile_path(file)
        except ValueError as error:
            yield key, f"{error}", ""


def addition(key: Key) -> Told:
    """What is told about a key of Boatyard's own in an azldev project."""
    hint = "Boatyard's own keys need a boatyard.toml; it may include the azldev.toml"
    return key, f"unknown key {str(key[-1])!r} in an azldev project", hint


def overlay_additions(overlays: list[dict[str, Any]], key: Key) -> Iterator[Key]:
    """The keys, in overlays as written, that azldev would refuse. `key` leads to the list."""
    for number, overlay in enumerate(overlays):
        yield from ((*key, number, name) for name in extensions(overlay))


def metadata_rules(metadata: Metadata, key: Key) -> Iterator[Told]:
    """What is wrong with the reason given for an overlay."""
    if metadata.category == "upstream-backport":
        if not metadata.commits:
            yield key, "category upstream-backport needs at least one commit", "add `commits = [{ url = … }]`"
        if metadata.upstream_status not in ("upstreamed", "upstreamable"):
            yield (
                (*key, "upstream-status"),
                f"{metadata.upstream_status!r} does not go with category upstream-backport",
                "write upstreamed or upstreamable",
            )
    for name, links in (("commits", metadata.commits), ("bugs", metadata.bugs)):
        for number, link in enumerate(links):
            if problem := address_problem(link.url):
                yield (*key, name, number, "url"), problem, ""
