"""The fingerprint of a lock: everything that counts changes it, and what does not count is on a list."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from boatyard.config.model.build import Build, Check, Failure, Hints
from boatyard.config.model.component import Component, ComponentPublish, Release, Render, UpstreamSpec
from boatyard.config.model.overlay import AddTag, RemoveTag
from boatyard.config.model.package import PackageConfig
from boatyard.config.model.seed import SeedRules
from boatyard.config.model.source_file import CustomOrigin, DownloadOrigin, SourceFile
from boatyard.flow.fingerprint import NOT_COUNTED, input_fingerprint

FILE = SourceFile(filename="f", hash="0" * 64, hash_type="SHA256", origin=DownloadOrigin(uri="https://a.example/f"))
PLAIN = Component(name="a", file=Path("/p/a.toml"), spec=UpstreamSpec(), source_files=(FILE,))
GOLDEN = "boatyard-1:03413487d1cb25d06c6e7f42c6b126120c8350be84f295d73203dc71cddf1a6c"
CHANGED: dict[str, Any] = {
    "name": "b",
    "file": Path("/q/a.toml"),
    "groups": ("g",),
    "overlay_files": ("x",),
    "packages": {"a": PackageConfig()},
    "publish": ComponentPublish(rpm_channel="x"),
    "seed": SeedRules(),
    "spec": UpstreamSpec(upstream_name="other"),
    "release": Release(calculation="manual"),
    "overlays": (AddTag(tag="Requires", value="x"),),
    "build": Build(with_=("x",)),
    "render": Render(skip_file_filter=True),
    "source_files": (),
}
BUILD: dict[str, Any] = {
    "with_": ("x",), "without": ("x",), "defines": {"a": "1"}, "undefines": ("x",), "emit_upstream_provenance": True,
    "check": Check(skip=True), "failure": Failure(expected=True), "hints": Hints(expensive=True),
}  # fmt: skip
SOURCE_FILE: dict[str, Any] = {
    "filename": "g", "hash": "1" * 64, "hash_type": "SHA512", "origin": CustomOrigin(script="s"),
    "replace_upstream": True, "replace_reason": "why",
}  # fmt: skip


def token(component: Component = PLAIN, identity: str = "1" * 40, bump: int = 0, release_ver: str = "43") -> str:
    return input_fingerprint(component, identity, bump, release_ver)


@pytest.mark.parametrize("name", Component.__struct_fields__)
def test_every_field_of_a_component_counts_or_is_listed(name: str) -> None:
    changed = token(msgspec.structs.replace(PLAIN, **{name: CHANGED[name]}))
    assert (changed == token()) == (name in NOT_COUNTED["component"])


@pytest.mark.parametrize("name", Build.__struct_fields__)
def test_every_field_of_a_build_counts_or_is_listed(name: str) -> None:
    changed = token(msgspec.structs.replace(PLAIN, build=Build(**{name: BUILD[name]})))
    assert (changed == token()) == (name in NOT_COUNTED["build"])


@pytest.mark.parametrize("name", SourceFile.__struct_fields__)
def test_every_field_of_a_source_file_counts_or_is_listed(name: str) -> None:
    file = msgspec.structs.replace(FILE, **{name: SOURCE_FILE[name]})
    changed = token(msgspec.structs.replace(PLAIN, source_files=(file,)))
    assert (changed == token()) == (name in NOT_COUNTED["source_file"])


@pytest.mark.parametrize(("name", "value"), [("skip", False), ("skip_reason", "other")])
def test_every_field_of_a_check_counts_or_is_listed(name: str, value: object) -> None:
    check = Check(skip=True, skip_reason="why")
    before = token(msgspec.structs.replace(PLAIN, build=Build(check=check)))
    changed = token(msgspec.structs.replace(PLAIN, build=Build(check=msgspec.structs.replace(check, **{name: value}))))
    assert (changed == before) == (name in NOT_COUNTED["check"])


def test_commit_bump_and_release_count() -> None:
    assert len({token(), token(identity="2" * 40), token(bump=1), token(release_ver="44")}) == 4


def test_words_for_people_and_addresses_do_not_count() -> None:
    one = RemoveTag(tag="Epoch", description="one")
    other = RemoveTag(tag="Epoch", description="other")
    moved = msgspec.structs.replace(FILE, origin=DownloadOrigin(uri="https://b.example/f"), hash=FILE.hash.upper())
    assert token(msgspec.structs.replace(PLAIN, overlays=(one,))) == token(
        msgspec.structs.replace(PLAIN, overlays=(other,))
    )
    assert token(msgspec.structs.replace(PLAIN, source_files=(moved,))) == token()


def test_the_content_of_files_counts(tmp_path: Path) -> None:
    custom = SourceFile(filename="f.tar", hash="0" * 64, hash_type="SHA256", origin=CustomOrigin(script="make.sh"))
    component = Component(name="a", file=tmp_path / "a.toml", spec=UpstreamSpec(), source_files=(custom,))
    before = token(component)
    (tmp_path / "make.sh").write_text("one")
    assert token(component) != before


def test_a_change_of_the_rule_is_seen() -> None:
    assert token() == GOLDEN
