"""What git lists of a commit, hostile ones among them."""

import pytest

from boatyard.base.error import SourceError
from boatyard.sources.upstream.tree import MAX_FILES, TreeFile, check_target, parse_tree

BLOB = "1" * 40


def listing(*entries: str) -> bytes:
    """From `mode path` the listing of `git ls-tree -z`."""
    records = (entry.partition(" ") for entry in entries)
    return b"".join(f"{mode} blob {BLOB}\t{path}\0".encode() for mode, _, path in records)


def test_files_programs_and_links_are_taken_submodules_are_not() -> None:
    found = parse_tree(listing("100644 a b.spec", "100755 x/y.sh", "120000 l", "160000 sub"))
    assert found == (
        TreeFile("a b.spec", "100644", BLOB),
        TreeFile("x/y.sh", "100755", BLOB),
        TreeFile("l", "120000", BLOB),
    )


@pytest.mark.parametrize(
    "path",
    [
        "../a",
        "a/../../b",
        "/etc/passwd",
        "a//b",
        "./a",
        ".git/config",
        "a/.GIT/hooks/post-checkout",
        ".git /x",
        "GIT~1",
        "x" * 2000,
    ],
)
def test_paths_that_lead_elsewhere_are_refused(path: str) -> None:
    with pytest.raises(SourceError, match="the commit holds"):
        parse_tree(listing(f"100644 {path}"))


@pytest.mark.parametrize("entries", [("100644 a", "100644 a"), ("100644 a", "100644 a/b"), ("060000 disk",)])
def test_trees_that_git_would_not_make_are_refused(entries: tuple[str, ...]) -> None:
    with pytest.raises(SourceError, match="the commit holds"):
        parse_tree(listing(*entries))


def test_too_many_files_are_refused() -> None:
    with pytest.raises(SourceError, match="at most"):
        parse_tree(listing(*(f"100644 f{number}" for number in range(MAX_FILES + 1))))


@pytest.mark.parametrize("target", [b"/etc/passwd", b"../a", b"x/../../a", b"", b"a\0b", b"y" * 2000])
def test_links_that_lead_outside_are_refused(target: bytes) -> None:
    with pytest.raises(SourceError):
        check_target("l", target)


def test_a_link_inside_is_kept() -> None:
    assert check_target("tests/l", b"../a") == "../a"
