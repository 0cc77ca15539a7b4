"""Sizes, digests, errors and places."""

from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from boatyard.base.digest import fingerprint, sha256_tree
from boatyard.base.error import ConfigError, Problem, SourceError, about, did_you_mean
from boatyard.base.where import Where
from boatyard_boot.size import format_size, parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("250 MB", 250_000_000), ("1.5GiB", 3 << 29), ("0.1 kB", 100), (" 4096 ", 4096), ("512 MiB", 512 << 20)],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "MB", "-1 MB", "1 mb", "1,5 GB", "1e9", "1 MB extra", "9" * 5000, f"1.{'9' * 5000}"]
)
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="write a number and one of"):
        parse_size(text)


def test_sizes_end_where_files_do() -> None:
    assert parse_size("8388607 TiB") == 8388607 << 40
    for text in ("8388608 TiB", "999999999 TiB", "9" * 20):
        with pytest.raises(ValueError, match="more than 8 EiB"):
            parse_size(text)


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (117_400_000, "117 MB"), (1_100_000_000, "1.1 GB")]
)
def test_shown_sizes(size: int, text: str) -> None:
    assert format_size(size) == text


@dataclass
class Point:
    x: int
    where: Path


def test_fingerprint_knows_order_of_lists_only() -> None:
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    assert fingerprint([1, 2]) != fingerprint([2, 1])
    assert fingerprint(Point(1, Path("a"))) == fingerprint({"x": 1, "where": "a"})
    assert len({fingerprint(value) for value in (1, "1", None, True, [], {}, b"1", [1])}) == 8
    with pytest.raises(TypeError):
        fingerprint(object())


class Left(msgspec.Struct, tag="left"):
    x: int


class Right(msgspec.Struct, tag="right"):
    x: int


def test_fingerprint_tells_members_of_a_union_apart() -> None:
    assert fingerprint(Left(1)) != fingerprint(Right(1))
    assert fingerprint([Left(1)]) == fingerprint([Left(1)])


def test_tree_digest_sees_every_change(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d/f").write_text("x")
    seen = [sha256_tree(tmp_path)]
    (tmp_path / "d/f").chmod(0o755)
    seen.append(sha256_tree(tmp_path))
    (tmp_path / "d/f").write_text("y")
    seen.append(sha256_tree(tmp_path))
    (tmp_path / "d/g").symlink_to("f")
    seen.append(sha256_tree(tmp_path))
    (tmp_path / "d/f").rename(tmp_path / "d/h")
    seen.append(sha256_tree(tmp_path))
    assert len(set(seen)) == 5


def test_errors_are_shown_in_the_order_of_their_places() -> None:
    late, early = Where(Path("b.toml"), 3, "x"), Where(Path("a.toml"), 9, "y.z")
    error = ConfigError.of([Problem("no place"), Problem("late", late), Problem("early", early, hint="mend it")])
    assert str(error) == (
        "error: early\n  --> a.toml:9 y.z\n  hint: mend it\nerror: late\n  --> b.toml:3 x\nerror: no place"
    )
    assert error.exit_code == 2
    assert SourceError("gone", detail="one\ntwo").problems[0].detail == "one\ntwo"


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("line 1 is wrong", "zlib: line 1 is wrong"),
        ("zlib: line 1 is wrong", "zlib: line 1 is wrong"),
        ("the spec of zlib is wrong", "the spec of zlib is wrong"),
        ("zlib-ng is wrong", "zlib: zlib-ng is wrong"),
    ],
)
def test_an_error_names_what_it_is_about_once(what: str, told: str) -> None:
    with pytest.raises(SourceError) as caught, about("zlib"):
        raise SourceError(what, hint="mend it", temporary=True)
    assert (str(caught.value), caught.value.temporary) == (f"error: {told}\n  hint: mend it", True)


def test_did_you_mean() -> None:
    assert did_you_mean("kernl", ["kernel", "bash"]) == "did you mean 'kernel'?"
    assert did_you_mean("zzz", ["kernel", "bash"]) == "known: bash, kernel"
    assert did_you_mean("zzz", []) == ""
