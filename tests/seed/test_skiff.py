"""Skiff's own configuration, held against itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import boatyard
from boatyard.config.channel import Channels
from boatyard.config.load import load_root
from boatyard.config.model.native_image import resolve
from boatyard.config.model.seed import DebSpec
from boatyard.sources.deb.naming import rpm_name
from boatyard_boot.arch import Arch

SKIFF = Path(boatyard.__file__).parent / "data" / "skiff"


@pytest.fixture(scope="module")
def project():
    return load_root(SKIFF / "boatyard.toml")


def components(project):
    return [project.component(name) for name in project.components]


def rpms_of(component, project, arch: Arch) -> set[str]:
    """The names of a component's packages that are known without the mirror."""
    if not isinstance(component.spec, DebSpec):
        return {component.name}
    seed = project.seeds["trixie"]
    return {rpm_name(deb, seed) for deb in component.spec.binaries_for(arch)}


def test_every_folder_of_filesystem_is_shared_and_the_other_way_round(project) -> None:
    text = (SKIFF / "comps/skiff-filesystem/directories").read_text()
    folders = {line.split()[1] for line in text.splitlines() if not line.startswith("#")}
    shared = set(project.seeds["trixie"].shared_directories)
    assert shared <= folders
    # What only filesystem has anyway.
    assert folders - shared <= {"/usr/lib/sysimage", "/usr/lib/sysimage/rpm"} | {
        path for path in folders if path.startswith("/usr/local/")
    }


def test_every_name_is_used(project) -> None:
    debs = {
        deb
        for component in components(project)
        if isinstance(component.spec, DebSpec)
        for arch in Arch
        for deb in component.spec.binaries_for(arch)
    }
    unused = {name for name in project.seeds["trixie"].names if "*" not in name} - debs
    assert not unused


@pytest.mark.parametrize("arch", list(Arch))
def test_no_package_comes_from_two_components(project, arch: Arch) -> None:
    owners: dict[str, str] = {}
    for component in components(project):
        for rpm in rpms_of(component, project, arch):
            assert owners.setdefault(rpm, component.name) == component.name


@pytest.mark.parametrize("arch", list(Arch))
@pytest.mark.parametrize("image", ["skiff-live", "skiff-disk"])
def test_images_hold_packages_that_exist(project, image: str, arch: Arch) -> None:
    made = {rpm for component in components(project) for rpm in rpms_of(component, project, arch)} | {"kernel-core"}
    native = resolve(image, dict(project.native_images))
    assert set(native.packages_for(arch)) <= made
    assert "less" not in native.packages_for(arch)


def test_less_is_published_apart_and_htop_nowhere(project) -> None:
    assert project.component("less").publish.rpm_channel == "skiff-vendor"
    assert project.component("less").spec.path == SKIFF / "comps/less/less.spec"
    assert set(project.channels) == {"skiff-base", "skiff-vendor", "skiff-build"}
    assert "htop" not in project.components


def test_rules_only_for_packages_there_are(project) -> None:
    for component in components(project):
        known = rpms_of(component, project, Arch.X86_64) | rpms_of(component, project, Arch.AARCH64)
        assert set(component.seed.packages) - {"kernel-core"} <= known, component.name


def test_both_repositories_are_configured_and_checked() -> None:
    text = (SKIFF / "comps/skiff-repos/skiff.repo").read_text()
    for key in ("enabled=1", "gpgcheck=1", "repo_gpgcheck=1", "skip_if_unavailable=False"):
        assert text.count(key) == 2 + (key == "gpgcheck=1") * 2, key  # repo_gpgcheck=1 holds gpgcheck=1
    assert re.findall(r"^\[(.*)\]$", text, re.MULTILINE) == ["skiff-base", "skiff-vendor"]


def test_no_password_and_no_address_is_shipped() -> None:
    for name in ("shadow", "gshadow"):
        lines = (SKIFF / "comps/skiff-filesystem" / name).read_text().splitlines()
        assert lines
        assert all(line.split(":")[1] == "*" for line in lines)
    for path in SKIFF.rglob("*"):
        # The tag URL of a spec tells people where a program is at home; nothing is fetched from there.
        text = re.sub(r"^URL:.*$", "", path.read_text(), flags=re.MULTILINE) if path.is_file() else ""
        for address in re.findall(r"https?://([^/\s\"']+)", text):
            assert address == "127.0.0.1", path


def test_users_and_groups_agree() -> None:
    setup, filesystem = SKIFF / "comps/skiff-setup", SKIFF / "comps/skiff-filesystem"
    for plain, shadowed in (("passwd", "shadow"), ("group", "gshadow")):
        names = [line.split(":")[0] for line in (setup / plain).read_text().splitlines()]
        assert names == [line.split(":")[0] for line in (filesystem / shadowed).read_text().splitlines()]
        assert len(set(names)) == len(names)


def test_sources_come_from_the_seed_under_the_name_in_the_spec(project) -> None:
    """A version that is raised is raised in both places."""
    vendor = [component for component in components(project) if component.groups == ("vendor",)]
    assert len(vendor) >= 9
    for component in vendor:
        (source,) = component.source_files
        text = component.spec.path.read_text()
        version = re.search(r"^Version: *(.*)$", text, re.MULTILINE)[1]
        line = re.search(r"^Source0: *(.*)$", text, re.MULTILINE)[1]
        assert line.replace("%{version}", version) == source.filename, component.name


def test_what_only_building_needs_is_in_no_channel_of_images(project) -> None:
    channels = Channels(project)
    for component in components(project):
        for rpm in rpms_of(component, project, Arch.X86_64):
            if rpm.endswith("-devel") or component.groups == ("toolchain",):
                assert channels.of(rpm, component.name).channel == "skiff-build", rpm
    for name in project.package_groups["toolchain"].packages:
        assert channels.of(name).channel == "skiff-build"


def test_every_package_of_a_buildroot_is_made_here(project) -> None:
    made = {rpm for component in components(project) for rpm in rpms_of(component, project, Arch.X86_64)}
    assert set(project.buildroot.packages) <= made
    # A buildroot is made of packages that need these to be installed.
    assert {"skiff-filesystem", "skiff-rpm-macros"} <= set(project.buildroot.bootstrap)
