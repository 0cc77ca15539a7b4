"""The same builds by workers elsewhere, one of which is killed: the records and packages of a build on this machine."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("distributed")

from tests.graph.cluster import Cluster, cluster
from tests.graph.process import wait_for
from tests.system.source_builds.build_site import Site, content

from boatyard.build.depot import object_name

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.tool, pytest.mark.network]
COMPONENTS = ("dos2unix", "figlet", "lua5.4")
LONGEST = "lua5.4"


def test_worker_killed(
    calm: Site, make_site: Callable[..., Site], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, shared = make_site("coordinator", without=COMPONENTS, roots=True), tmp_path / "shared"
    shared.mkdir()
    site.env["BOATYARD_STORE"] = shared.as_uri()
    with cluster(0) as made:
        for name in ("one", "two"):  # machines of their own, that could only take each other's buildroots
            (tmp_path / name).mkdir()
            (tmp_path / name / "buildroot").symlink_to(calm.cache / "buildroot")
            monkeypatch.setenv("BOATYARD_CACHE", str(tmp_path / name))
            made.add("--depot", shared.as_uri(), jobs=1)
        words = site.building("--engine", "dask", "--scheduler", made.address, *COMPONENTS)
        with site.start(*words) as process:
            wait_for(lambda: bool(builder(made)) or process.poll() is not None, 600)
            if address := builder(made):
                made.kill(address)
            output, _ = process.communicate()
        assert process.returncode == 0, output
    started = Counter(line.node for line in site.journal() if (line.event, line.step) == ("started", "build"))
    assert started == Counter(COMPONENTS) + Counter([LONGEST])
    assert [line.node for line in site.journal() if line.event == "retried"] == [LONGEST]
    assert site.built() == sorted(COMPONENTS)
    assert site.digests() == calm.digests(*COMPONENTS)
    assert results(shared) == results(calm.cache / "build")
    for digest in site.digests().values():
        name = object_name(digest)
        assert (shared / name).read_bytes() == (calm.cache / "build" / name).read_bytes()


def builder(made: Cluster) -> str:
    """The address of the worker that builds the packages of the longest component; empty while none does."""
    parents: dict[int, int] = {}
    builds: list[int] = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if f"-rb\0/sources/{LONGEST}-".encode() in (folder / "cmdline").read_bytes():
                builds.append(int(folder.name))
        except OSError:
            continue
    for pid in builds:
        while pid:
            found = [address for address in made.workers if made.pid(address) == pid]
            if found:
                return found[0]
            pid = parents.get(pid, 0)  # noqa: PLW2901 - up to the first process
    return ""


def results(depot: Path) -> list[dict[str, Any]]:
    """What is recorded of the builds of the components, without what differs from one time to the other."""
    records = (content(path.read_bytes()) for path in depot.glob("ac/*/*"))
    found = [record for record in records if "rpms" in record and record.get("component") in COMPONENTS]
    for record in found:
        del record["seconds"], record["log"]
    return sorted(found, key=lambda record: record["component"])
