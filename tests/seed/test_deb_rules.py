"""Repackaging rules on the files of a .deb."""

from __future__ import annotations

import pytest

from boatyard.base.error import ConfigError, SourceError
from boatyard.config.model.seed import Move, PackageRules, Seed
from boatyard.sources.deb.archive import Deb, Entry, Kind
from boatyard.sources.deb.file_list import file_lines, file_pattern
from boatyard.sources.deb.payload import merge_files
from boatyard.sources.deb.rules import PackagedFile, apply_rules, path_filter

SEED = Seed(
    suites=("trixie",),
    shared_directories=(
        "/boot",
        "/etc",
        "/usr",
        "/usr/bin",
        "/usr/lib",
        "/usr/lib/modules",
        "/usr/share",
        "/var",
        "/var/cache",
        "/var/lib",
    ),
)


def folder(path: str, mode: int = 0o755) -> Entry:
    return Entry(path=path, kind=Kind.DIRECTORY, mode=mode)


def apply(*entries: Entry, conffiles: tuple[str, ...] = (), seed: Seed = SEED, **rules: object) -> list[PackagedFile]:
    deb = Deb({}, frozenset(conffiles), entries)
    return list(apply_rules(deb, PackageRules(**rules), seed, "subpackage tool"))


def paths(files: list[PackagedFile]) -> list[str]:
    return [file.entry.path for file in files]


def only(files: list[PackagedFile], path: str) -> PackagedFile:
    (file,) = [file for file in files if file.entry.path == path]
    return file


@pytest.mark.parametrize(
    ("path", "stays"),
    [
        ("/usr/share/doc/bash/copyright", True), ("/usr/share/doc/bash/README", False), ("/usr/share/doc", False),
        ("/usr/share/document", True), ("/usr/lib/a/b/tests/x.py", False), ("/usr/lib/tests.py", True),
        ("/etc/cron.daily/x", False), ("/etc/cron", True), ("/usr/bin/[", True),
    ],
)  # fmt: skip
def test_path_filter(path: str, stays: bool) -> None:
    keeps = path_filter(("/usr/share/doc", "/usr/lib/**/tests", "/etc/cron.*"), ("/usr/share/doc/*/copyright",))
    assert keeps(path) is stays


def test_folders_of_filesystem_and_emptied_ones_go() -> None:
    seed = Seed(
        suites=("x",),
        shared_directories=("/usr", "/usr/share", "/usr/share/licenses"),
        drop_paths=("/usr/share/doc",),
        keep_paths=("/usr/share/doc/*/copyright",),
    )
    entries = [folder("/usr"), folder("/usr/share/doc"), folder("/usr/share/doc/a"), folder("/usr/share/doc/b"),
               Entry(path="/usr/share/doc/a/copyright"), folder("/usr/share/empty")]  # fmt: skip
    assert paths(apply(*entries, seed=seed)) == [
        "/usr/share/empty", "/usr/share/licenses/a", "/usr/share/licenses/a/copyright",
    ]  # fmt: skip


def test_moves_copies_joins_links_files_and_folders() -> None:
    files = apply(
        Entry(path="/boot/vmlinuz-6.12", data=b"k", mtime=7), Entry(path="/usr/share/t/b", data=b"2"),
        Entry(path="/usr/share/t/a", data=b"1"),
        moves=(Move(path=r"/boot/(vmlinuz|config)-(.+)", to=r"/usr/lib/modules/\2/\1"),),
        copies={"/etc/a": "/usr/share/t/a"}, joins={"/etc/all": "/usr/share/t/*"}, links={"/usr/bin/vi": "vim"},
        files={"/etc/new/conf": "text\n"}, directories={"/var/lib/t": "0750"}, ghosts={"/var/cache/t/": "0700"},
        modes={"/etc/a": "0600"}, owners={"/etc/a": "root:shadow"}, config=("/etc/a",),
        verify={"/etc/all": "not md5"},
    )  # fmt: skip
    assert only(files, "/usr/lib/modules/6.12/vmlinuz").entry.data == b"k"
    assert only(files, "/etc/all").entry.data == b"12"
    assert only(files, "/etc/all").verify == "not md5"
    assert only(files, "/usr/bin/vi").entry.target == "vim"
    assert only(files, "/etc/new/conf").entry.mtime == 7
    assert only(files, "/etc/new").entry.kind is Kind.DIRECTORY
    secret = only(files, "/etc/a")
    assert (secret.entry.mode, secret.entry.group, secret.config) == (0o600, "shadow", True)
    assert only(files, "/var/lib/t").entry.mode == 0o750
    assert only(files, "/var/cache/t").ghost


@pytest.mark.parametrize(
    "rules",
    [
        {"moves": (Move(path="/no", to="/x"),)}, {"copies": {"/a": "/no"}}, {"joins": {"/a": "/no/*"}},
        {"modes": {"/no": "0600"}}, {"owners": {"/no": "root"}}, {"config": ("/no",)}, {"verify": {"/no": "not md5"}},
    ],
)  # fmt: skip
def test_a_rule_without_effect_is_an_error(rules: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"subpackage tool: the rule .* names /no"):
        apply(Entry(path="/usr/bin/x"), **rules)


def test_libraries_become_executable() -> None:
    files = apply(
        Entry(path="/usr/lib/libx.so.1", data=b"\x7fELF..."), Entry(path="/usr/lib/x.so", data=b"text"),
        Entry(path="/usr/lib/x.o", data=b"\x7fELF"),
    )  # fmt: skip
    assert [oct(file.entry.mode) for file in files] == ["0o755", "0o644", "0o644"]


def test_folders_stand_for_plain_files_only() -> None:
    files = apply(
        folder("/usr/lib/a"), Entry(path="/usr/lib/a/x"), folder("/usr/lib/a/b"), Entry(path="/usr/lib/a/b/y"),
        folder("/usr/lib/c"), Entry(path="/usr/lib/c/suid", mode=0o4755), folder("/usr/lib/c/d"),
        Entry(path="/usr/lib/c/d/z"), folder("/usr/lib/shared"), Entry(path="/usr/lib/shared/mine"),
        folder("/etc/secret", 0o700), Entry(path="/etc/secret/conf"), conffiles=("/etc/secret/conf",),
    )  # fmt: skip
    assert file_lines(files, {*paths(files), "/usr/lib/shared/theirs"}) == [
        "%attr(0700,root,root) %dir /etc/secret",
        "%config(noreplace) /etc/secret/conf",
        "/usr/lib/a",
        "%dir /usr/lib/c",
        "/usr/lib/c/d",
        "%attr(4755,root,root) /usr/lib/c/suid",
        "%dir /usr/lib/shared",
        "/usr/lib/shared/mine",
    ]


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("/usr/bin/[", "/usr/bin/?"), ("/usr/a b{c}", "/usr/a?b?c?"), (r"/usr/x\x2dy", "/usr/x?x2dy"),
        ("/usr/100%", "/usr/100%%"),
    ],
)  # fmt: skip
def test_special_characters_in_names(path: str, written: str) -> None:
    assert file_pattern(path, {path, "/usr/bin/other"}) == written


def test_names_that_a_pattern_cannot_tell_apart() -> None:
    with pytest.raises(SourceError, match="cannot be told apart"):
        file_pattern("/usr/bin/[", {"/usr/bin/[", "/usr/bin/x"})


def test_the_payload_has_one_content_for_a_path() -> None:
    same = PackagedFile(Entry(path="/a", data=b"1"))
    assert len(merge_files({"one": [same], "two": [same]})) == 1
    with pytest.raises(SourceError, match="two: /a differs"):
        merge_files({"one": [same], "two": [PackagedFile(Entry(path="/a", data=b"2"))]})


def test_nothing_is_unpacked_through_a_link() -> None:
    link = PackagedFile(Entry(path="/usr/x", kind=Kind.LINK, target="/etc"))
    with pytest.raises(SourceError, match="below /usr/x, which is no folder"):
        merge_files({"one": [link, PackagedFile(Entry(path="/usr/x/passwd"))]})
