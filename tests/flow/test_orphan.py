"""Locks of components that the project has no more: told, removed, and never confused with other files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.sources.upstream.conftest import forge, yard
from tests.web_server import serve, web

from boatyard.flow.orphan import orphan_locks, remove_locks

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sources.upstream.yard_site import YardSite

__all__ = ["forge", "serve", "web", "yard"]
OWN = "# Managed by azldev component update. Do not edit manually.\nversion = 1\ninput-fingerprint = 'sha256:0'\n"
SEED = 'lock-version = 1\nkind = "deb"\n[x86_64]\nsource = "a"\nversion = "1"\n'


def test_only_locks_are_taken_for_locks(tmp_path: Path) -> None:
    others = {
        "Cargo.lock": "version = 3\n[[package]]\nname = 'a'\n",
        "poetry.lock": '[metadata]\nlock-version = "2.0"\n',
        "run.lock": "",
        "conflict.lock": "<<<<<<< HEAD\n",
        "newer.lock": "version = 2\ninput-fingerprint = 'x'\n",
        "README.md": "x",
        "binary.lock": "\0",
    }
    files = others | {"gone.lock": OWN, "there.lock": OWN, "seed.lock": SEED, "a++.lock": OWN}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "folder.lock").mkdir()
    (tmp_path / "link.lock").symlink_to(tmp_path / "there.lock")
    (tmp_path / "gone.digests").write_text("# Managed by boatyard\n")
    (tmp_path / "seed.sources").write_text("somebody's own\n")
    orphans = orphan_locks(tmp_path, {"there"})
    assert orphans == ["a++", "gone", "seed"]
    remove_locks(tmp_path, orphans)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {*others, "there.lock", "folder.lock", "link.lock", "seed.sources"}
    assert orphan_locks(tmp_path / "nowhere", {"there"}) == []


@pytest.mark.tool
def test_update_tells_and_removes_them(yard: YardSite) -> None:
    yard.package("a")
    yard.package("b")
    yard.components |= {"a": "", "b": ""}
    yard.write()
    yard.run("component", "update", "-a")
    del yard.components["b"]
    yard.write()
    said = "b: the project has no such component: its lock is removed\n"
    assert yard.run("component", "update", "a", "--check-only")[:2] == (0, ""), "only -a looks for them"
    code, out, err = yard.run("component", "update", "-a", "--check-only")
    assert (code, out) == (8, said)
    assert "1 component(s) would change: b" in err
    assert yard.run("component", "update", "-a", "--bump")[0] == 0
    assert (yard.dir / "locks/b.lock").exists(), "a bump prunes nothing"
    assert yard.run("component", "update", "-a")[:2] == (0, said)
    assert not (yard.dir / "locks/b.lock").exists()
    assert yard.run("component", "update", "-a", "--check-only")[:2] == (0, "")


@pytest.mark.tool
def test_nothing_is_removed_when_an_update_fails(yard: YardSite) -> None:
    yard.package("a")
    yard.package("b")
    yard.components |= {"a": "", "b": ""}
    yard.write()
    yard.run("component", "update", "-a")
    del yard.components["b"]
    yard.components["nowhere"] = ""
    yard.write()
    assert yard.run("component", "update", "-a")[0] == 3
    assert (yard.dir / "locks/b.lock").exists()
