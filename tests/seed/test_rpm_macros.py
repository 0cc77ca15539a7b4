"""Skiff's macros for builds, as rpm expands them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import boatyard

SKIFF = Path(boatyard.__file__).parent / "data/skiff"
MACROS = SKIFF / "comps/skiff-rpm-macros"
RPM = Path("/usr/lib/rpm")

pytestmark = [
    pytest.mark.tool,
    pytest.mark.skipif(not shutil.which("rpm") or not (RPM / "macros").is_file(), reason="rpm is not here"),
]


def expand(text: str, cpu: str = "x86_64") -> str:
    """What rpm makes of a text with its own macros and Skiff's."""
    files = f"{RPM}/macros:{RPM}/platform/{cpu}-linux/macros:{MACROS}/macros"
    argv = [
        "rpm",
        f"--macros={files}",
        "--define",
        f"_target_cpu {cpu}",
        "--define",
        f"_host_cpu {cpu}",
        "--eval",
        text,
    ]
    done = subprocess.run(
        argv, capture_output=True, text=True, check=True, env={"HOME": "/nonexistent", "PATH": "/usr/bin"}
    )
    return done.stdout.rstrip("\n")


@pytest.mark.parametrize("cpu", ["x86_64", "aarch64"])
def test_files_go_where_the_seed_has_them(cpu: str) -> None:
    assert expand("%_libdir|%_host|%_target_platform|%_sharedstatedir", cpu) == (
        f"/usr/lib/{cpu}-linux-gnu|{cpu}-skiff-linux-gnu|{cpu}-skiff-linux-gnu|/var/lib"
    )
    assert f"--libdir=/usr/lib/{cpu}-linux-gnu" in expand("%configure", cpu).replace("\\\n", "")
    assert f"--libdir=/usr/lib/{cpu}-linux-gnu" in expand("%meson", cpu)


def test_no_debugging_information() -> None:
    assert expand("%_enable_debug_packages|%debug_package|%_build_id_links") == "0||none"
    for line in (MACROS / "rpmrc").read_text().splitlines():
        assert line.startswith(("#", "optflags: x86_64 ", "optflags: aarch64 "))
        assert " -g" not in line.partition("#")[0]


def test_no_macro_of_python_is_left_unexpanded() -> None:
    for name in ("pyproject_buildrequires -r", "pyproject_wheel", "pyproject_install", "py3_check_import a b"):
        told = re.sub(r"%\{(NAME|VERSION|RELEASE)\}", "", expand(f"%{name}"))  # of rpm's own %buildroot
        assert "%" not in told, told
    assert expand("%pyproject_buildrequires -r").endswith("/skiff/pythondist --build --runtime")
    assert expand("%pyproject_buildrequires").rstrip().endswith("/skiff/pythondist --build")
    assert expand("%py3_check_import a b.c").endswith(" a b.c")


def test_which_files_are_python_distributions() -> None:
    path = re.compile(expand("%__pythondist_path").replace("\\\\", "\\"))
    assert path.match("/usr/lib/python3/dist-packages/click-8.1.8.dist-info")
    assert not path.match("/usr/lib/python3/dist-packages/click")
    extension = re.compile(expand("%__python_path").replace("\\\\", "\\"))
    assert extension.match("/usr/lib/python3/dist-packages/a/b.cpython-313-x86_64-linux-gnu.so")
    assert not extension.match("/usr/lib/python3/dist-packages/a/b.so")


def test_an_extension_requires_its_version_of_python() -> None:
    at = "/b/usr/lib/python3/dist-packages/x.cpython-313-x86_64-linux-gnu.so"
    assert expand("%{__python_requires " + at + "}") == "python(abi) = 3.13"
    assert expand("%{__python_requires /b/usr/lib/python3/dist-packages/x.so}") == ""


def test_checks_leave_no_compiled_modules() -> None:
    assert "export PYTHONDONTWRITEBYTECODE" in expand("%__spec_check_pre")


@pytest.mark.parametrize("spec", sorted((SKIFF / "comps").glob("*/*.spec")), ids=lambda path: path.stem)
def test_every_spec_can_be_read(spec: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sources"
    shutil.copytree(spec.parent, folder)
    argv = ["rpmspec", "-P", "--define", f"_sourcedir {folder}", folder / spec.name]
    done = subprocess.run(
        argv, capture_output=True, text=True, check=False, env={"HOME": "/nonexistent", "PATH": "/usr/bin"}
    )
    assert done.returncode == 0, done.stderr
