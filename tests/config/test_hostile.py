"""Hostile input gives an error in order: never a traceback, never a hang, nothing written."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from tests.config.hostile import SEED_TEXT, mangled_text, path_vectors, poisoned_table

from boatyard.base.error import ConfigError
from boatyard.config.load import load_root

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HANG_S = 20


@contextmanager
def watchdog(what: str) -> Iterator[None]:
    def hang(*_: object) -> None:
        raise AssertionError(f"{what} hangs")

    before = signal.signal(signal.SIGALRM, hang)
    signal.alarm(HANG_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def tree(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.rglob("*"))


def refused(root: Path, data: bytes, what: str) -> bool:
    """Whether loading fails in order; everything else fails the test."""
    root.write_bytes(data)
    with watchdog(what):
        try:
            load_root(root)
        except ConfigError as error:
            text = str(error)
            assert text.startswith("error: "), what
            assert error.problems[0].where is not None, what
            assert text.replace("\n", "").isprintable(), what
            return True
    return False


def test_the_seed_is_good(tmp_path: Path) -> None:
    assert not refused(tmp_path / "azldev.toml", SEED_TEXT.encode(), "the seed")


@pytest.mark.parametrize(
    ("first", "count"),
    [(0, 300), pytest.param(300, 3000, marks=pytest.mark.sweep)],
)
def test_mangled_texts(tmp_path: Path, first: int, count: int) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    wrong = sum(refused(folder / "azldev.toml", mangled_text(n), f"mangled {n}") for n in range(first, first + count))
    assert wrong > count * 0.9, "most mangled texts are wrong"
    assert tree(tmp_path) == [str(folder), str(folder / "azldev.toml")]


@pytest.mark.parametrize(
    ("first", "count"),
    [(0, 300), pytest.param(300, 2500, marks=pytest.mark.sweep)],
)
def test_poisoned_tables(tmp_path: Path, first: int, count: int) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    for number in range(first, first + count):
        assert refused(folder / "azldev.toml", poisoned_table(number), f"poisoned {number}"), number
    assert tree(tmp_path) == [str(folder), str(folder / "azldev.toml")]


def test_paths_that_lead_outside(tmp_path: Path) -> None:
    vectors = path_vectors()
    assert len(vectors) >= 500
    folder = tmp_path / "project"
    folder.mkdir()
    for what, text in vectors:
        assert refused(folder / "boatyard.toml", text.encode(), what), what
    assert tree(tmp_path) == [str(folder), str(folder / "boatyard.toml")]


DEEP = {
    "arrays": "a = " + "[" * 100_000,
    "tables": "a = " + "{b=" * 100_000,
    "dotted key": ".".join(["a"] * 100_000) + " = 1",
    "header": "[" + ".".join(["a"] * 100_000) + "]",
    "long line": "a = '" + "x" * 5_000_000 + "'",
    "many components": "\n".join(f"[components.'c {n}']" for n in range(5000)),
    "many braces": 'includes = ["' + "{a,b}" * 30 + '"]',
    "nested braces": 'includes = ["' + "{" * 5000 + '"]',
    "many stars": 'includes = ["' + "*a" * 2000 + '"]\nx = 1',
    "regex": "[[components.x.overlays]]\ntype = 'spec-search-replace'\nregex = '" + "(a*)*" * 500 + "b{1001}'",
}


@pytest.mark.parametrize("name", DEEP)
def test_deep_and_large(tmp_path: Path, name: str) -> None:
    assert refused(tmp_path / "azldev.toml", DEEP[name].encode(), name)
