"""The generator of Skiff's build macros: Python's metadata in RPM's words, as the script is run in a buildroot."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import boatyard

MACROS = Path(boatyard.__file__).parent / "data/skiff/comps/skiff-rpm-macros"
SCRIPT = MACROS / "pythondist"
FRONT_END = ["python3dist(build)", "python3dist(installer)"]

pytest.importorskip("packaging", reason="the script imports it")


def run(folder: Path, *words: str, given: str = "") -> list[str]:
    done = subprocess.run(
        [sys.executable, SCRIPT, *words], cwd=folder, input=given, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def test_a_tree_without_pyproject_is_built_by_setuptools(tmp_path: Path) -> None:
    assert run(tmp_path, "--build") == [*FRONT_END, "python3dist(setuptools)"]


def test_what_a_tree_needs_to_be_built_and_to_run(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["flit_core >=3.2,<4", "Not.There[toml]>=1"]\nbuild-backend = "flit_core.api"\n'
        '[project]\nname = "x"\ndependencies = ["click", "colorama; platform_system == \'Windows\'"]\n'
    )
    build = [*FRONT_END, "python3dist(flit-core) < 4", "python3dist(flit-core) >= 3.2", "python3dist(not-there) >= 1"]
    assert run(tmp_path, "--build") == build
    assert run(tmp_path, "--build", "--runtime") == [*build, "python3dist(click)"]


@pytest.mark.parametrize(
    ("requirement", "told"),
    [
        ("a", "python3dist(a)"),
        ("A_b.c", "python3dist(a-b-c)"),
        ("a==1.2", "python3dist(a) = 1.2"),
        ("a==1.2.*", "(python3dist(a) >= 1.2 with python3dist(a) < 1.3~~)"),
        ("a~=1.2.3", "(python3dist(a) >= 1.2.3 with python3dist(a) < 1.3~~)"),
        ("a!=2", "(python3dist(a) < 2 or python3dist(a) > 2)"),
        ("a>=2rc1", "python3dist(a) >= 2~rc1"),
        ("a>1.post2", "python3dist(a) > 1^post2"),
        ("a; extra == 'test'", None),
    ],
)
def test_provides_and_requires_of_what_is_installed(tmp_path: Path, requirement: str, told: str | None) -> None:
    folder = tmp_path / "sail_x-1.0rc1.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Name: Sail_X\nVersion: 1.0rc1\nRequires-Dist: {requirement}\n")
    assert run(tmp_path, "--provides", given=f"{folder}\n") == ["python3dist(sail-x) = 1.0~rc1"]
    assert run(tmp_path, "--requires", given=f"{folder}\n") == ([told] if told else [])


def test_nothing_is_asked_for_nothing(tmp_path: Path) -> None:
    assert run(tmp_path, "--requires") == run(tmp_path, "--provides") == []
