"""Rules for components and for the tables they inherit from."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from boatyard.config.model.component import DistroRef, LocalSpec, UpstreamSpec
from boatyard.config.model.seed import DebSpec
from boatyard.config.model.source_file import CustomOrigin, DebSourceOrigin, DownloadOrigin, OverlayOrigin
from boatyard.config.rule.name import address_problem, channel_problem, file_name_problem
from boatyard.config.rule.overlay import overlay_rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boatyard.config.model.build import Build
    from boatyard.config.model.component import ComponentConfig, ComponentPublish
    from boatyard.config.model.package import PackagePublish
    from boatyard.config.model.source_file import SourceFile
    from boatyard.config.shape import Told
    from boatyard_installer.locate import Key

_MACRO = re.compile(r"[A-Za-z0-9_.+-]+")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_SERVER = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(:[0-9]{1,5})?")
_HASH_LENGTH = {"SHA256": 64, "SHA512": 128}


def component_rules(config: ComponentConfig, key: Key) -> Iterator[Told]:
    """What is wrong with a component's table, or with a default one. `key` leads to the table."""
    for number, overlay in enumerate(config.overlays):
        yield from overlay_rules(overlay, (*key, "overlays", number))
    yield from _source_rules(config.source_files, (*key, "source-files"))
    yield from _deb_source_rules(config, key)
    yield from _build_rules(config.build, (*key, "build"))
    yield from publish_rules(config.publish, (*key, "publish"))
    for name, package in config.packages.items():
        yield from publish_rules(package.publish, (*key, "packages", name, "publish"))
    for pattern in config.overlay_files:
        if not pattern or "\0" in pattern:
            yield (*key, "overlay-files"), f"{pattern!r} is not a pattern", ""
    spec = config.spec
    yield from reference_rules(getattr(spec, "upstream_distro", DistroRef()), (*key, "spec", "upstream-distro"))
    if isinstance(spec, DebSpec):
        if problem := file_name_problem(spec.source):
            yield (*key, "spec", "source"), problem, ""
    elif isinstance(spec, LocalSpec) and spec.path.suffix != ".spec":
        yield (*key, "spec", "path"), f"{spec.path.name!r} is not a .spec file", ""
    elif isinstance(spec, UpstreamSpec) and spec.upstream_name and file_name_problem(spec.upstream_name):
        yield (*key, "spec", "upstream-name"), file_name_problem(spec.upstream_name), ""


def explicit_rules(config: ComponentConfig, key: Key) -> Iterator[Told]:
    """What is wrong with `[components.<name>]` beyond what is wrong with any such table."""
    reference = getattr(config.spec, "upstream_distro", DistroRef())
    if reference.snapshot:
        yield (
            (*key, "spec", "upstream-distro", "snapshot"),
            "a component cannot set a snapshot of its own",
            "set it in a default-component-config of the distribution or a group, or pin `upstream-commit`",
        )


def reference_rules(reference: DistroRef, key: Key) -> Iterator[Told]:
    """What is wrong with a reference to a distribution: git would take a date it does not know for now."""
    if reference.snapshot and not _is_moment(reference.snapshot):
        what = f"{reference.snapshot!r} is no moment as of RFC 3339"
        yield (*key, "snapshot"), what, "write it as 2026-02-24T00:00:00Z"


def _is_moment(text: str) -> bool:
    from datetime import datetime  # few files state a moment

    try:
        return _MOMENT.fullmatch(text) is not None and bool(datetime.fromisoformat(text))
    except ValueError:
        return False


def publish_rules(publish: ComponentPublish | PackagePublish, key: Key) -> Iterator[Told]:
    """What is wrong with the channels of a `publish` table."""
    for field, name in zip(publish.__struct_fields__, publish.__struct_encode_fields__, strict=True):
        if problem := channel_problem(getattr(publish, field)):
            yield (*key, name), problem, ""


def _build_rules(build: Build, key: Key) -> Iterator[Told]:
    """Names and values are written to a file of macros, one a line, without quoting."""
    for name in ("with", "without", "undefines"):
        for number, macro in enumerate(getattr(build, "with_" if name == "with" else name)):
            if not _MACRO.fullmatch(macro):
                yield (*key, name, number), f"{macro!r} is not the name of a macro", "letters, digits and _.+-"
    for macro, value in build.defines.items():
        if not _MACRO.fullmatch(macro):
            yield (*key, "defines", macro), f"{macro!r} is not the name of a macro", "letters, digits and _.+-"
        if any(char in value for char in "\r\n\0"):
            yield (*key, "defines", macro), "the value of a macro is one line", ""
    if build.check.skip and not build.check.skip_reason.strip():
        yield (*key, "check"), "skip needs a skip_reason", 'add `skip_reason = "…"`'
    if build.failure.expected and not build.failure.expected_reason.strip():
        yield (*key, "failure"), "expected needs an expected-reason", 'add `expected-reason = "…"`'


def _deb_source_rules(config: ComponentConfig, key: Key) -> Iterator[Told]:
    """Files of Debian source packages belong to specs of the project."""
    for number, source in enumerate(config.source_files):
        if not isinstance(source.origin, DebSourceOrigin):
            continue
        place = (*key, "source-files", number)
        if problem := file_name_problem(source.origin.package):
            yield (*place, "origin", "package"), problem, ""
        if isinstance(config.spec, DebSpec | UpstreamSpec):
            what = "a deb-source origin needs a spec of type local"
            yield (*place, "origin"), what, "a seed component is made of packages, an upstream one has its own sources"


def _source_rules(sources: tuple[SourceFile, ...], key: Key) -> Iterator[Told]:
    names = Counter(source.filename for source in sources)
    for number, source in enumerate(sources):
        place = (*key, number)
        if problem := file_name_problem(source.filename):
            yield (*place, "filename"), problem, ""
        elif names[source.filename] > 1:
            yield (*place, "filename"), f"duplicate source file {source.filename!r}", "remove one of them"
        yield from _hash_rules(source, place)
        yield from _replace_rules(source, place)
        yield from _origin_rules(source, (*place, "origin"))


def _hash_rules(source: SourceFile, key: Key) -> Iterator[Told]:
    if source.hash and not source.hash_type:
        yield key, "hash needs a hash-type", "add `hash-type` SHA256 or SHA512"
    elif source.hash and not _is_hex(source.hash, _HASH_LENGTH[source.hash_type]):
        yield (*key, "hash"), f"not the {_HASH_LENGTH[source.hash_type]} hexadecimal digits of a {source.hash_type}", ""


def _is_hex(text: str, length: int) -> bool:
    return len(text) == length and all(char in "0123456789abcdefABCDEF" for char in text)


def _replace_rules(source: SourceFile, key: Key) -> Iterator[Told]:
    if source.replace_upstream and not source.replace_reason.strip():
        yield key, "replace-upstream needs a replace-reason", 'add `replace-reason = "…"`'
    if source.replace_reason and not source.replace_upstream:
        yield key, "replace-reason without replace-upstream", "add `replace-upstream = true`"


def _origin_rules(source: SourceFile, key: Key) -> Iterator[Told]:
    origin = source.origin
    if isinstance(origin, OverlayOrigin) and not source.replace_upstream:
        yield key, "an overlay origin needs replace-upstream = true", "it takes the place of an upstream archive"
    if isinstance(origin, DownloadOrigin):
        if ":" not in origin.uri:
            yield (*key, "uri"), f"{origin.uri!r} has no scheme", "write https://…"
        elif problem := address_problem(origin.uri, ("http", "https", "ftp", "file")):
            yield (*key, "uri"), problem, ""
    if isinstance(origin, CustomOrigin):
        yield from _script_rules(source, origin, key)


def _script_rules(source: SourceFile, origin: CustomOrigin, key: Key) -> Iterator[Told]:
    if problem := file_name_problem(origin.script):
        yield (*key, "script"), problem, ""
    names = Counter(origin.inputs)
    for number, name in enumerate(origin.inputs):
        if problem := file_name_problem(name):
            yield (*key, "inputs", number), problem, ""
        elif names[name] > 1 or name == origin.script:
            yield (*key, "inputs", number), f"{name!r} is there twice", ""
    for number, place in enumerate(origin.network):
        if not _SERVER.fullmatch(place):
            yield (*key, "network", number), f"{place!r} is no server", "write host or host:port; no patterns"
    if origin.network and not source.hash:
        yield (*key, "network"), "network needs a hash", "state `hash` and `hash-type` of what the script makes"
