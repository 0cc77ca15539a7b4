"""The key of a component's source: every input changes it, the place of the project does not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from tests.spec_file import SPEC

from boatyard.config.load import load_root
from boatyard.flow.source import plan_sources

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = """
[project]
default-distro = {{ name = "yard", version = "1" }}
[distros.yard.versions.1]
[components.alpha]
spec = {{ type = "local", path = "alpha/alpha.spec" }}
{component}
"""
OVERLAY = 'overlays = [{{ type = "{kind}", {fields} }}]'


def key(folder: Path, component: str = "", spec: str = "", added: str = "a", public_key: bytes = b"key") -> str:
    """The key of one component of a project written into a folder."""
    (folder / "alpha").mkdir(parents=True)
    (folder / "alpha/alpha.spec").write_text(spec or SPEC.format(name="alpha", release="1", tags="", install=""))
    (folder / "added.txt").write_text(added)
    (folder / "boatyard.toml").write_text(PROJECT.format(component=component))
    project = load_root(folder / "boatyard.toml")
    yard = SimpleNamespace(
        project=project, key=SimpleNamespace(public=public_key), workspace=SimpleNamespace(locks=folder), arch="x86_64"
    )
    (source,) = plan_sources(yard, list(project.components.values()))
    return source.key


def overlay(kind: str, fields: str) -> str:
    return OVERLAY.format(kind=kind, fields=fields)


SIGNING = 'source-files = [{ filename = "KEY", origin = { type = "signing-key" } }]'
PACKAGE = 'source-files = [{ filename = "p.tar", origin = { type = "python-package", name = "boatyard_boot" } }]'
ADD = overlay("file-add", 'file = "added.txt", source = "added.txt"')


def test_the_place_of_the_project_does_not_count(tmp_path: Path) -> None:
    for name, component in (("plain", ""), ("overlay", ADD), ("signing", SIGNING)):
        assert key(tmp_path / "one" / name, component) == key(tmp_path / "two" / name, component)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("spec", {"spec": "Name: alpha\n"}),
        ("overlay", {"component": overlay("spec-set-tag", 'tag = "URL", value = "x"')}),
        ("other verb", {"component": overlay("spec-add-tag", 'tag = "URL", value = "x"')}),
        ("other value", {"component": overlay("spec-set-tag", 'tag = "URL", value = "y"')}),
        ("added file", {"component": ADD}),
        ("added content", {"component": ADD, "added": "b"}),
        ("signing key", {"component": SIGNING}),
        ("Python package", {"component": PACKAGE}),
        ("other signing key", {"component": SIGNING, "public_key": b"other"}),
        ("build option", {"component": 'build = { with = ["tests"] }'}),
    ],
)
def test_every_input_counts(tmp_path: Path, name: str, changes: dict) -> None:
    seen = tmp_path / "keys"
    seen.mkdir()
    assert key(tmp_path / "changed", **changes) != key(tmp_path / "plain")


def test_all_keys_differ(tmp_path: Path) -> None:
    pairs = [
        overlay(kind, f'tag = "URL", value = "{value}"')
        for kind in ("spec-set-tag", "spec-add-tag", "spec-update-tag")
        for value in "xy"
    ]
    keys = {key(tmp_path / str(number), component) for number, component in enumerate(pairs)}
    assert len(keys) == len(pairs)
