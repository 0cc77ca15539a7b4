"""Capabilities of Python distributions and of pkg-config files in repackaged packages."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from boatyard.sources.deb.archive import Entry
from boatyard.sources.deb.capability import capabilities, normal_name, python_version
from boatyard.sources.deb.rules import PackagedFile

PYTHON = "/usr/lib/python3/dist-packages"
PKG_CONFIG_DEPS = Path("/usr/lib/rpm/pkgconfigdeps.sh")


def of(path: str, data: str) -> tuple[str, ...]:
    return capabilities([PackagedFile(entry=Entry(path=path, data=data.encode()))])


@pytest.mark.parametrize(
    ("path", "data", "found"),
    [
        (f"{PYTHON}/Jinja2-3.dist-info/METADATA", "Name: Jinja2\nVersion: 3.1.6\n", ("python3dist(jinja2) = 3.1.6",)),
        (f"{PYTHON}/x.egg-info/PKG-INFO", "Name: zope.Some__x\nVersion: 1\n", ("python3dist(zope-some-x) = 1",)),
        (f"{PYTHON}/x-1.egg-info", "Name: x\nVersion: 1rc2\n", ("python3dist(x) = 1~rc2",)),
        (f"{PYTHON}/x.dist-info/METADATA", "Name: x\n\nVersion: 1\n", ("python3dist(x)",)),
        (f"{PYTHON}/x.dist-info/METADATA", "Name: x) = 1, y(\nVersion: 1\n", ()),
        (f"{PYTHON}/x.dist-info/METADATA", "Name: x\nVersion: %{evil}\n", ("python3dist(x)",)),
        (f"{PYTHON}/x.dist-info/RECORD", "Name: x\nVersion: 1\n", ()),
        (f"{PYTHON}/x/METADATA", "Name: x\nVersion: 1\n", ()),
        ("/usr/lib/x86_64-linux-gnu/pkgconfig/zlib.pc", "version=1.3\nVersion: 1.3.1\n", ("pkgconfig(zlib) = 1.3.1",)),
        ("/usr/share/pkgconfig/a+b.pc", "v = 2\nName: a\nVersion: ${v}.1\n", ("pkgconfig(a+b) = 2.1",)),
        ("/usr/share/pkgconfig/a.pc", "Version: ${v}\n", ("pkgconfig(a)",)),
        ("/usr/share/pkgconfig/a.pc", "\0\xff", ("pkgconfig(a)",)),
        ("/usr/share/pkgconfig/a b.pc", "Version: 1\n", ()),
        ("/usr/share/other/a.pc", "Version: 1\n", ()),
    ],
)
def test_capabilities(path: str, data: str, found: tuple[str, ...]) -> None:
    assert of(path, data) == found


def test_each_once_and_sorted() -> None:
    files = [
        PackagedFile(entry=Entry(path=f"{PYTHON}/{name}", data=b"Name: b\nVersion: 1\n"))
        for name in ("b.dist-info/METADATA", "b.egg-info")
    ]
    files.insert(1, PackagedFile(entry=Entry(path=f"{PYTHON}/a.egg-info", data=b"Name: a\nVersion: 2\n")))
    assert capabilities(files) == ("python3dist(a) = 2", "python3dist(b) = 1")


@pytest.mark.parametrize(
    ("version", "rpm"), [("1.0", "1.0"), ("1.0rc1", "1.0~rc1"), ("2.0.dev3", "2.0~dev3"), ("1.post4", "1^post4")]
)
def test_versions_that_rpm_orders_alike(version: str, rpm: str) -> None:
    assert python_version(version) == rpm


def test_names_are_compared_without_case_and_signs() -> None:
    assert normal_name("Zope.__Interface-x") == "zope-interface-x"


@pytest.mark.tool
@pytest.mark.skipif(
    not PKG_CONFIG_DEPS.exists() or not shutil.which("pkg-config"), reason="rpm's own generator is not here"
)
def test_rpm_says_the_same_of_pkg_config_files(tmp_path: Path) -> None:
    text = "major=4\nversion=${major}.2\nName: sail\nDescription: sails\nVersion: ${version}\n"
    path = tmp_path / "usr/share/pkgconfig/sail.pc"
    path.parent.mkdir(parents=True)
    path.write_text(text.replace("${version}", "4.2"))
    told = subprocess.run(
        [PKG_CONFIG_DEPS, "--provides"], input=f"{path}\n", capture_output=True, text=True, check=True
    ).stdout
    assert told.strip() == of("/usr/share/pkgconfig/sail.pc", path.read_text())[0]
