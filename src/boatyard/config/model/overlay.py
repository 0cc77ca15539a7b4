"""Overlays: one class for each verb, told apart by `type`. The fields a verb needs have no default.

A relative `source` is anchored at the file that defines the overlay; `file`, `archive` and `section` are meant inside
the source tree or the spec and stay as written. Irrelevant fields of the azldev format are dropped by the loader.

Boatyard's own, which azldev refuses: the verb spec-set-macro, `inside` and `outside` (only lines in or not in that
conditional) and `expect` (how many lines must change; 0 for any number but none).
"""

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from boatyard.config.model.struct import Table

Text = Annotated[str, msgspec.Meta(min_length=1)]
Lines = Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]

Category = Literal[
    "upstream-backport",
    "azl-pruning",
    "azl-compatibility",
    "azl-temp-workaround",
    "azl-branding-policy",
    "azl-disable-flaky-tests",
    "azl-disable-unsupported-tests",
    "azl-security-compliance",
    "azl-release-management",
    "azl-platform-adaptation",
]
UpstreamStatus = Literal["upstreamed", "upstreamable", "needs-upstream-hook", "inapplicable", "unknown"]


class Link(Table, frozen=True, kw_only=True):
    """A commit or a bug, by its http(s) address."""

    url: Annotated[str, msgspec.Meta(min_length=1, extra_json_schema={"pattern": "^https?://"})]


class Metadata(Table, frozen=True, kw_only=True):
    """Why an overlay exists. Documentation only: never part of a fingerprint."""

    category: Category
    upstream_status: UpstreamStatus
    commits: tuple[Link, ...] = ()
    bugs: tuple[Link, ...] = ()


class Verb(Table, frozen=True, kw_only=True, tag_field="type"):
    """What every overlay may say."""

    description: str = ""
    metadata: Metadata | None = None


class AddTag(Verb, frozen=True, kw_only=True, tag="spec-add-tag"):
    """Appends `Tag: value` to the preamble, or to each `%package` section of `package`."""

    tag: Text
    value: Text
    package: str = ""


class InsertTag(Verb, frozen=True, kw_only=True, tag="spec-insert-tag"):
    """Like spec-add-tag, after the last tag of the same family (`Source5` belongs to `source`)."""

    tag: Text
    value: Text
    package: str = ""


class SetTag(Verb, frozen=True, kw_only=True, tag="spec-set-tag"):
    """Replaces the tag, or adds it when there is none."""

    tag: Text
    value: Text
    package: str = ""


class UpdateTag(Verb, frozen=True, kw_only=True, tag="spec-update-tag"):
    """Replaces every line of the tag; there must be one."""

    tag: Text
    value: Text
    package: str = ""
    inside: str = ""
    outside: str = ""


class RemoveTag(Verb, frozen=True, kw_only=True, tag="spec-remove-tag"):
    """Removes the lines of the tag whose whole value equals `value`, or all of them."""

    tag: Text
    value: str = ""
    package: str = ""
    inside: str = ""
    outside: str = ""


class PrependLines(Verb, frozen=True, kw_only=True, tag="spec-prepend-lines"):
    """Puts lines after the header of each matching section, or at the top of the spec."""

    lines: Lines
    section: str = ""
    package: str = ""
    inside: str = ""
    outside: str = ""


class AppendLines(Verb, frozen=True, kw_only=True, tag="spec-append-lines"):
    """Puts lines at the end of each matching section, or of the spec."""

    lines: Lines
    section: str = ""
    package: str = ""
    inside: str = ""
    outside: str = ""


class SearchReplace(Verb, frozen=True, kw_only=True, tag="spec-search-replace"):
    """Replaces what a regular expression (Go RE2) finds in each body line; the replacement is literal."""

    regex: Text
    replacement: str = ""
    section: str = ""
    package: str = ""
    inside: str = ""
    outside: str = ""
    expect: Annotated[int, msgspec.Meta(ge=0)] = 0


class SetMacro(Verb, frozen=True, kw_only=True, tag="spec-set-macro"):
    """Replaces the body of a %global or %define."""

    macro: Text
    value: Text
    inside: str = ""
    outside: str = ""


class RemoveSection(Verb, frozen=True, kw_only=True, tag="spec-remove-section"):
    """Removes every section of that name and package."""

    section: Text
    package: str = ""
    inside: str = ""
    outside: str = ""


class RemoveSubpackage(Verb, frozen=True, kw_only=True, tag="spec-remove-subpackage"):
    """Removes every section of a subpackage."""

    package: Text


class PatchAdd(Verb, frozen=True, kw_only=True, tag="patch-add"):
    """Copies a patch into the source tree and names it in the spec."""

    source: Path
    file: str = ""
    package: str = ""


class PatchRemove(Verb, frozen=True, kw_only=True, tag="patch-remove"):
    """Removes the patches that match a glob, from the spec and from the source tree."""

    file: Text


class FilePrependLines(Verb, frozen=True, kw_only=True, tag="file-prepend-lines"):
    """Puts lines at the top of the files that match a glob."""

    file: Text
    lines: Lines


class FileSearchReplace(Verb, frozen=True, kw_only=True, tag="file-search-replace"):
    """Replaces what a regular expression (Go RE2) finds in whole files; the replacement is literal."""

    file: Text
    regex: Text
    replacement: str = ""
    archive: str = ""


class FileAdd(Verb, frozen=True, kw_only=True, tag="file-add"):
    """Copies a file into the source tree, where it must not exist yet."""

    file: Text
    source: Path


class FileRemove(Verb, frozen=True, kw_only=True, tag="file-remove"):
    """Removes the files that match a glob."""

    file: Text
    archive: str = ""


class FileRename(Verb, frozen=True, kw_only=True, tag="file-rename"):
    """Renames the one file that matches a glob; `replacement` is the new base name."""

    file: Text
    replacement: Text


SpecOverlay = (
    AddTag
    | InsertTag
    | SetTag
    | UpdateTag
    | RemoveTag
    | PrependLines
    | AppendLines
    | SearchReplace
    | SetMacro
    | RemoveSection
    | RemoveSubpackage
)
PatchOverlay = PatchAdd | PatchRemove
FileOverlay = FilePrependLines | FileSearchReplace | FileAdd | FileRemove | FileRename
Overlay = SpecOverlay | PatchOverlay | FileOverlay


def type_of(overlay: Overlay) -> str:
    """The overlay's `type` as written in TOML: `spec-add-tag`."""
    return str(overlay.__struct_config__.tag)


EXTENSION_KEYS = frozenset(("inside", "outside", "expect"))


def extensions(table: dict[str, Any]) -> list[str]:
    """The keys of an overlay's TOML table that only Boatyard reads, `type` for a verb of its own."""
    found = sorted(EXTENSION_KEYS & table.keys())
    return ["type", *found] if table.get("type") == SetMacro.__struct_config__.tag else found
