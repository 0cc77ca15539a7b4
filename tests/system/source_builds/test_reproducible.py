"""Two builds that differ in all that must not matter give the same bits: time, place, umask, locale, processors."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.system.source_builds.build_site import Site, fill_cache, forget, is_seed, take_locks
from tests.system.source_builds.conftest import QUICK
from tests.system.source_builds.other_clock import shift_clocks

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from boatyard.ports.run import HostRunner

pytestmark = [pytest.mark.tool, pytest.mark.network]
BOOTSTRAP = ("skiff-filesystem", "skiff-release", "skiff-rpm-macros", "skiff-setup")
# Another date for Boatyard itself, and one for what runs in buildroots, in the words of libfaketime. The first is less
# than the time that unused buildroots are kept.
LATER, MUCH_LATER = "+10d", "+400d"
# Less memory: fewer compilers at once. More: as many as there are processors.
LIMITS = '[buildroot]\nmemory = "{memory}"\nprocesses = {processes}\n'


def another_site(folder: Path, calm: Site, *, enter: tuple[str, ...], memory: str, processes: int) -> Site:
    """A site with nothing but the seed's packages, that differs from others in what the words say."""
    folder.mkdir(parents=True)
    (folder / "limits.toml").write_text(LIMITS.format(memory=memory, processes=processes))
    env = {"LC_ALL": "de_DE.UTF-8", "LANG": "tr_TR.UTF-8", "TZ": "Pacific/Kiritimati", "TMPDIR": str(folder)}
    site = Site(folder, enter=enter, env=env, project=("--config-file", str(folder / "limits.toml")))
    fill_cache(site.cache, calm.cache, is_seed)
    take_locks(site, calm)
    return site


def with_umask(mask: str) -> tuple[str, ...]:
    return ("sh", "-c", f'umask {mask}; exec "$@"', "sh")


def on_processors(processors: str) -> tuple[str, ...]:
    return ("taskset", "--cpu-list", processors)


def build_later(site: Site, components: Collection[str], *words: str, run: HostRunner) -> None:
    """Forgets all that a site knows of components, and builds them again where it is another day."""
    there = shift_clocks(site.cache / "buildroot", MUCH_LATER, run)
    assert there
    assert min(there) > time.time() + 399 * 86_400, "programs in a buildroot see another date"
    forget(site, components)
    later = replace(site, enter=("faketime", "-f", LATER, *site.enter), env={**site.env, "NO_FAKE_STAT": "1"})
    later.build(*words)
    ended = [line.time for line in later.journal() if line.event == "done"]
    assert min(ended) > time.time() + 9 * 86_400, "Boatyard sees another date"


def test_same_bits(calm: Site, tmp_path: Path, run: HostRunner) -> None:
    """Elsewhere, as a user of other habits, one at a time, on one processor; and then again, on another date."""
    enter = (*with_umask("077"), *on_processors("0"))
    other = another_site(tmp_path / "an other/place", calm, enter=enter, memory="1 GiB", processes=1000)
    try:
        other.build("--jobs", "1", *QUICK)
        assert set(QUICK) < set(other.built()), "nothing was reused"
        assert other.digests() == calm.digests(*QUICK)
        build_later(other, other.built(), *QUICK, run=run)
        assert other.digests() == calm.digests(*QUICK)
        assert newest_date(other) < time.time() - 86_400, "no date of this run is in them"
        kinds = {name.split(".")[-2] for name in other.digests()}
        assert kinds == {"src", "noarch", os.uname().machine}
    finally:
        shutil.rmtree(other.folder)


def newest_date(site: Site) -> int:
    """The newest date in the headers of all packages: of builds, change logs and files, in seconds."""
    rpms = map(str, (site.work / "out/packages").rglob("*.rpm"))
    query = ["rpm", "-qp", "--nosignature", "--qf", "%{BUILDTIME} [%{CHANGELOGTIME} ][%{FILEMTIMES} ]", *rpms]
    dates = subprocess.run(query, capture_output=True, check=True, text=True).stdout.split()
    return max(int(date) for date in dates)


@pytest.mark.sweep
def test_same_bits_of_all(calm: Site, tmp_path: Path, run: HostRunner) -> None:
    """All source components, in two sites of which neither knows a result; in the second on two dates."""
    one = another_site(tmp_path / "1", calm, enter=with_umask("002"), memory="8 GiB", processes=4096)
    one.build("--jobs", "2", "-g", "vendor", *BOOTSTRAP)
    enter = (*with_umask("077"), *on_processors("0"))
    other = another_site(tmp_path / "an other/place", calm, enter=enter, memory="1 GiB", processes=1000)
    other.build("--jobs", "1", "-g", "vendor", *BOOTSTRAP)
    assert one.built() == other.built()
    assert len(one.digests()) > len(one.built()), "each has a source package besides"
    assert other.digests() == one.digests()
    build_later(other, one.built(), "--jobs", "1", "-g", "vendor", *BOOTSTRAP, run=run)
    assert other.built() == one.built()
    assert other.digests() == one.digests()
    for site in (one, other):
        shutil.rmtree(site.folder)
