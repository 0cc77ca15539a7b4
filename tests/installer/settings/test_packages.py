"""Packages of the answers: dnf's configuration as a value, and real transactions from a tiny signed medium."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from tests.image.tiny_channel import make_channel

from boatyard.ports.run import HostRunner
from boatyard_installer.answers import Answers, Packages, Repository
from boatyard_installer.error import StepError
from boatyard_installer.medium import Medium
from boatyard_installer.run import HostRun
from boatyard_installer.settings import install_packages
from boatyard_installer.settings.packages import dnf_conf, medium_keys

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PGP = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQENBF==\n-----END PGP PUBLIC KEY BLOCK-----\n"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="namespaces and owners need root")


def medium_in(folder: Path) -> Medium:
    return Medium(
        folder=folder, name="tiny", version="1", title="Tiny", arch="x86_64", kernel="6.1.10", occupied=0, inodes=0
    )


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `tiny`, a signed repository, and its key RPM-GPG-KEY-tiny."""
    folder = tmp_path_factory.mktemp("channel")
    make_channel(folder, HostRunner())
    return folder


@pytest.fixture
def place(tiny: Path, tmp_path: Path) -> Path:
    """A folder with a medium and a root that trusts it."""
    shutil.copytree(tiny / "tiny", tmp_path / "media/repo")
    keys = tmp_path / "root/etc/pki/rpm-gpg"
    keys.mkdir(parents=True)
    shutil.copy(tiny / "RPM-GPG-KEY-tiny", keys)
    return tmp_path


def install(place: Path, *names: str, log: Callable[[str], None] = lambda _: None) -> None:
    answers = Answers(packages=Packages(install=names))
    install_packages(place / "root", answers, medium_in(place / "media"), HostRun(log))


def test_only_the_medium_and_what_is_to_be_used(tmp_path: Path) -> None:
    (tmp_path / "repo").mkdir()
    used = Repository(id="extra", url="https://example.org/r", key=PGP, use=True)
    text = dnf_conf(medium_in(tmp_path), (tmp_path / "KEY",), (used,), tmp_path / "state")
    main, medium, extra = text.split("\n\n")
    for line in (
        "reposdir=/nonexistent",
        "gpgcheck=True",
        "plugins=False",
        "install_weak_deps=False",
        "tsflags=nodocs",
    ):
        assert line in main.splitlines()
    assert medium == (
        f"[boatyard-medium]\nname=tiny\nbaseurl=file://{tmp_path}/repo\nenabled=1\ngpgcheck=1\n"
        f"gpgkey=file://{tmp_path}/KEY\nrepo_gpgcheck=1"
    )
    assert f"gpgkey=file://{tmp_path}/state/extra.key" in extra
    assert "gpgcheck=1" in extra.splitlines()


def test_keys_of_the_answers_do_not_vouch_for_the_medium(tmp_path: Path) -> None:
    keys = tmp_path / "etc/pki/rpm-gpg"
    keys.mkdir(parents=True)
    for name in ("RPM-GPG-KEY-skiff", "RPM-GPG-KEY-extra"):
        (keys / name).write_text(PGP)
    assert medium_keys(tmp_path, ("extra",)) == (keys / "RPM-GPG-KEY-skiff",)


@pytest.mark.parametrize(("url", "closed"), [("https://example.org/r", False), ("file:///srv/r", True)])
def test_network_only_when_a_repository_needs_it(tmp_path: Path, url: str, closed: bool) -> None:
    started: list[tuple[str, ...]] = []

    def run(*argv: str, **_: object) -> str:
        started.append(argv)
        return ""

    used = Repository(id="extra", url=url, key=PGP, use=True)
    for packages in ((), ("less",)):
        answers = Answers(packages=Packages(install=packages), repositories=(used,))
        install_packages(tmp_path, answers, medium_in(tmp_path), run)
    assert len(started) == 1  # nothing runs when no packages are asked for
    assert ("--net" in started[0]) == closed


@as_root
@pytest.mark.tool
def test_signed_packages_with_what_they_need(place: Path) -> None:
    install(place, "tiny-extra")
    root = place / "root"
    assert (root / "usr/share/extra").is_dir()
    assert (root / "etc/posted").read_text() == "link\n"  # /proc/self: scripts of packages have /proc
    assert (root / "usr/lib/sysimage/rpm/rpmdb.sqlite").is_file()
    assert not (root / "usr/share/doc/tiny/README").exists()
    assert not (root / "var/cache/boatyard-dnf").exists()
    assert [list((root / name).iterdir()) for name in ("dev", "proc", "run")] == [[], [], []]


@as_root
@pytest.mark.tool
def test_a_package_that_is_not_there(place: Path) -> None:
    with pytest.raises(StepError, match="cannot be installed") as caught:
        install(place, "tiny-nowhere")
    assert "tiny-nowhere" in caught.value.detail


@as_root
@pytest.mark.tool
@pytest.mark.parametrize("damage", ["metadata", "signature", "package", "key"])
def test_what_is_not_signed_is_refused(place: Path, damage: str) -> None:
    repo = place / "media/repo"
    if damage == "metadata":
        with (repo / "repodata/repomd.xml").open("ab") as stream:
            stream.write(b"<!-- -->\n")
    elif damage == "signature":
        (repo / "repodata/repomd.xml.asc").unlink()
    elif damage == "package":
        package = repo / "Packages/tiny-open.rpm"
        data = bytearray(package.read_bytes())
        data[-1] ^= 1
        package.write_bytes(data)
    else:
        (place / "root/etc/pki/rpm-gpg/RPM-GPG-KEY-tiny").unlink()
    with pytest.raises(StepError, match="cannot be installed"):
        install(place, "tiny-open")
    assert not (place / "root/usr/share/open").exists()
