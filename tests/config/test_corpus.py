"""A real configuration of 7,583 components: loads without a word, with the known figures."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from boatyard.config.channel import Channels
from boatyard.config.load import load_root
from boatyard.config.model.component import LocalSpec, UpstreamSpec
from boatyard.config.model.overlay import type_of

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.config.project import Project

pytestmark = pytest.mark.corpus

VERBS = {
    "spec-search-replace": 93,
    "spec-add-tag": 22,
    "spec-append-lines": 18,
    "file-add": 16,
    "spec-remove-tag": 15,
    "spec-update-tag": 14,
    "spec-remove-section": 12,
    "spec-insert-tag": 11,
    "file-search-replace": 10,
    "patch-add": 9,
    "spec-prepend-lines": 5,
    "file-rename": 3,
    "spec-set-tag": 2,
    "file-remove": 2,
    "patch-remove": 1,
}


@pytest.fixture(scope="module")
def project(corpus: Path) -> Project:
    return load_root(corpus / "azldev.toml")


def test_counts(project: Project) -> None:
    components = project.components.values()
    assert len(project.documents) - 1 == 213
    assert len(components) == 7583
    overlays = Counter(type_of(overlay) for component in components for overlay in component.overlays)
    assert dict(overlays) == VERBS
    assert sum(1 for component in components if component.overlays) == 97
    assert {name: len(group.packages) for name, group in project.package_groups.items()} == {
        "base-packages": 6081,
        "exceptions-packages": 9231,
        "sdk-packages": 17748,
    }
    assert {name: len(members) for name, members in project.group_members.items()} == {
        "check-skip-initial-failures": 182
    }
    assert len(project.images) == 5
    assert sorted(project.distros) == ["azurelinux", "fedora"]
    assert project.warnings == ()


def test_specs(project: Project) -> None:
    specs = [component.spec for component in project.components.values()]
    upstream = [spec for spec in specs if isinstance(spec, UpstreamSpec)]
    assert sum(isinstance(spec, LocalSpec) for spec in specs) == 3
    assert len(upstream) == 7580
    assert sum(bool(spec.upstream_commit) for spec in upstream) == 54
    assert sum(bool(spec.upstream_name) for spec in upstream) == 13
    assert {spec.upstream_distro.snapshot for spec in upstream} == {"2026-02-24T00:00:00-08:00"}
    assert Counter(spec.upstream_distro.version for spec in upstream)["rawhide"] == 2
    renamed = {
        name: component.spec.upstream_name
        for name, component in project.components.items()
        if isinstance(component.spec, UpstreamSpec) and component.spec.upstream_name not in ("", name)
    }
    assert renamed == {"azurelinux-rpm-config": "redhat-rpm-config"}


def test_builds(project: Project) -> None:
    components = project.components.values()
    assert sum(component.release.calculation == "manual" for component in components) == 36
    assert sum(bool(component.build.with_) for component in components) == 3
    assert sum(bool(component.build.without) for component in components) == 19
    assert sum(bool(component.build.defines) for component in components) == 7
    assert sum(component.build.check.skip for component in components) == 187
    assert len(project.component("kernel").overlays) == 17
    assert project.component("kernel").source_files[0].hash_type == "SHA512"


def test_the_project(project: Project, corpus: Path) -> None:
    assert project.name == "azurelinux"
    assert project.settings.rendered_specs_dir == corpus / "specs"
    assert project.settings.output_dir == corpus / "base/out"
    distro, version = project.distro_version()
    assert (distro.description, version.release_ver) == ("Azure Linux", "4.0")
    assert version.mock_config is not None
    assert version.mock_config.is_relative_to(corpus / "distro/mock/azl4/stage2")


def test_channels(project: Project) -> None:
    channels = Channels(project)
    assert channels.of("bash").channel == "rpm-base"
    assert channels.of("389-ds-base").key[:2] == ("package-groups", "base-packages")
    assert channels.of("nobody-knows").channel == "rpm-sdk"
    counted = Counter(channels.of(package).channel for package in channels.group_of)
    assert counted == {"rpm-base": 6081, "rpm-sdk": 26979}


def test_another_stage_by_a_file_laid_over(corpus: Path) -> None:
    root, other = corpus / "azldev.toml", corpus / "overrides/fedora.distro.azl.sources.toml"
    project = load_root(root, config_files=[other])
    assert len(project.components) == 7583
    assert project.distros["fedora"].dist_git_base_uri != load_root(root).distros["fedora"].dist_git_base_uri
