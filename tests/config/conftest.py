"""Small projects on disk, from a mapping of file names to texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from boatyard.base.error import ConfigError
from boatyard.config.load import load_root

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.config.project import Project


class Load(Protocol):
    def __call__(self, files: dict[str, str] | str, *, root: str = ..., permissive: bool = ...) -> Project: ...


class Problems(Protocol):
    def __call__(self, files: dict[str, str] | str, *, root: str = ...) -> list[str]: ...


def write(folder: Path, files: dict[str, str] | str, root: str) -> Path:
    for name, text in ({root: files} if isinstance(files, str) else files).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder / root


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Loads a project; a single text is its root file."""

    def loaded(files: dict[str, str] | str, *, root: str = "azldev.toml", permissive: bool = False) -> Project:
        return load_root(write(tmp_path, files, root), permissive=permissive)

    return loaded


@pytest.fixture
def problems(tmp_path: Path) -> Problems:
    """What is wrong with a project: `file:line key: what (hint)` of each problem, in order, without the folder."""

    def told(files: dict[str, str] | str, *, root: str = "azldev.toml") -> list[str]:
        with pytest.raises(ConfigError) as caught:
            load_root(write(tmp_path, files, root))
        return [
            f"{problem.where}: {problem.what} ({problem.hint})".replace(f"{tmp_path}/", "")
            for problem in caught.value.problems
        ]

    return told
