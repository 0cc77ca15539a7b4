"""Bad input to the whole pipeline: a clear error for each, nothing half-written taken as good by the next run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.flow.published import published
from tests.flow.small_yard import assert_told

if TYPE_CHECKING:
    from tests.flow.conftest import Calm
    from tests.flow.small_yard import SmallYard
    from tests.web_server import Web

pytestmark = pytest.mark.tool


def test_unreachable_mirror(yard: SmallYard, web: Web, calm: Calm) -> None:
    nowhere = yard.run("component", "update", "-a", BOATYARD_MIRROR="http://127.0.0.1:9/debian")
    assert_told(nowhere, 3, "127.0.0.1:9 cannot be reached", "check the network")
    assert yard.run("component", "update", "-a").code == 0
    away = yard.run("repo", "build", BOATYARD_MIRROR="http://127.0.0.1:9/debian")
    assert_told(away, 3, "127.0.0.1:9 cannot be reached")
    assert not (yard.repo / "current").exists()
    assert yard.run("repo", "build").code == 0
    assert published(yard.repo) == calm.expected
    offline = yard.run("repo", "build", BOATYARD_MIRROR="http://127.0.0.1:9/debian")
    assert offline.code == 0, "what is in the caches needs no mirror"


@pytest.mark.parametrize(
    ("name", "command", "words"),
    [
        ("sail_1.2-3_amd64.deb", ("repo", "build"), ("sail_1.2-3_amd64.deb", "not the file that was promised")),
        ("InRelease", ("component", "update", "-a"), ("signature of the suite trixie does not verify",)),
        ("Packages", ("component", "update", "-a"), ("not the file that was promised",)),
    ],
)
def test_tampered_downloads(
    yard: SmallYard, web: Web, calm: Calm, name: str, command: tuple[str, ...], words: tuple[str, ...]
) -> None:
    if command[0] == "repo":
        assert yard.run("component", "update", "-a").code == 0
    good = dict(web.files)
    for path, data in good.items():
        if name in path or (name == "Packages" and "by-hash" in path):
            place = data.index(b"Codename: ") + 12 if name == "InRelease" else len(data) // 2
            web.files[path] = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
    assert web.files != good
    done = yard.run(*command)
    assert_told(done, 6, *words, "nothing was kept")
    assert not (yard.repo / "current").exists()
    web.files.update(good)
    yard.build()
    assert published(yard.repo) == calm.expected


def test_faults_of_the_configuration(yard: SmallYard) -> None:
    root = yard.project / "boatyard.toml"
    good = root.read_text()
    root.write_text(good.replace('release-ver = "1"', 'release-version = "1"'))
    assert_told(yard.run("repo", "build"), 2, f"{root}:4", "release-version", "did you mean 'release-ver'?")
    root.write_text(good + "[components.hull]\n")
    assert_told(yard.run("repo", "build"), 2, f"{root}:")
    root.write_text(good.replace("hull/hull.spec", "hull/hulk.spec"))
    assert yard.run("component", "update", "-a").code == 0
    assert_told(yard.run("repo", "build"), 3, "there is no spec", f"{root}:", "hull")
    assert not (yard.project / "out").exists()


def test_component_that_does_not_build(yard: SmallYard, calm: Calm) -> None:
    yard.build()
    spec = yard.project / "hull/hull.spec"
    good = spec.read_text()
    spec.write_text(good.replace("%install\n", "%install\nexit 7\n"))
    failed = yard.run("repo", "build")
    assert_told(failed, 5, "hull does not build", "Bad exit status", "whole log: ")
    log = Path(failed.err.rpartition("whole log: ")[2].strip())
    assert "exit 7" in log.read_text(), "it is kept"
    spec.write_text(good.replace("Version: 1\n", "Version: 1\nRequires: anchor\n"))
    assert_told(yard.run("repo", "build"), 5, "cannot be installed", "nothing provides anchor")
    assert published(yard.repo) == calm.expected, "what was published stays"


def test_locked_package_that_left_the_mirror(yard: SmallYard, web: Web) -> None:
    assert yard.run("component", "update", "-a").code == 0
    for path in [path for path in web.files if path.endswith("sail_1.2-3_amd64.deb")]:
        del web.files[path]
    assert_told(yard.run("repo", "build"), 3, "sail 1.2-3 has left the mirror", "component update sail")


def test_no_lock_yet(yard: SmallYard) -> None:
    assert_told(yard.run("repo", "build"), 9, "not locked: sail", "boatyard component update -a")


def test_lock_with_a_merge_conflict(yard: SmallYard) -> None:
    assert yard.run("component", "update", "-a").code == 0
    (lock,) = yard.project.rglob("sail.lock")
    lock.write_text("<<<<<<< ours\n" + lock.read_text())
    assert_told(yard.run("repo", "build"), 2, f"{lock}:1", "merge conflict", "component update sail")
