"""Lock files: what they say, and what is refused in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.sources.deb_archive import Suite

from boatyard.base.error import ConfigError, NotFoundError
from boatyard.config.model.seed import DebSpec
from boatyard.sources.deb.index import DebIndex
from boatyard.sources.deb.lock import DebLock, diff_locks, load_lock, plan_lock, save_lock
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from pathlib import Path

GOLDEN = """\
# Written by `boatyard component update shell`; not edited by hand.
lock-version = 1
kind = "deb"

[x86_64]
source = "bash"
version = "5.2-1"

[[x86_64.deb]]
package = "bash"
version = "5.2-1+b1"
architecture = "amd64"
suite = "trixie"
path = "pool/main/b/bash/bash_5.2-1+b1_amd64.deb"
size = {size}
sha256 = "{sha256}"
"""


@pytest.fixture
def index() -> DebIndex:
    return index_of(a_suite())


def a_suite() -> Suite:
    suite = Suite()
    suite.add("bash", "5.2-1+b1", source="bash (5.2-1)").add("bash-doc", "5.2-1", source="bash", Architecture="all")
    suite.add("bash-static", "5.2-1", source="bash", Architecture="arm64")
    return suite


def index_of(suite: Suite) -> DebIndex:
    index = DebIndex()
    index.add(suite.packages(), "trixie")
    return index


def locked(index: DebIndex, *binaries: str, source: str = "bash", arch: Arch = Arch.X86_64) -> DebLock:
    return plan_lock("shell", DebSpec(source=source, binaries=binaries), index, arch)


def test_the_file_is_as_written_here(index: DebIndex, tmp_path: Path) -> None:
    lock = locked(index, "bash")
    path = save_lock(lock, tmp_path)
    assert path == tmp_path / "shell.lock"
    assert path.read_text() == GOLDEN.format(size=lock.debs[0].size, sha256=lock.debs[0].sha256)
    assert load_lock(tmp_path, "shell", Arch.X86_64) == lock


def test_globs_choose_among_the_packages_of_the_source(index: DebIndex) -> None:
    assert [deb.package for deb in locked(index, "bash*").debs] == ["bash", "bash-doc"]
    assert [deb.package for deb in locked(index, "bash-*", arch=Arch.AARCH64).debs] == ["bash-doc", "bash-static"]


def test_equal_locks_whatever_the_order_of_the_names(index: DebIndex) -> None:
    assert locked(index, "bash-doc", "bash") == locked(index, "bash", "bash-doc", "bash")


def test_a_name_that_fits_nothing(index: DebIndex) -> None:
    with pytest.raises(
        NotFoundError, match="component shell: the source package bash makes no package bash-dok"
    ) as error:
        locked(index, "bash", "bash-dok")
    assert "bash-doc" in error.value.hint
    with pytest.raises(NotFoundError, match="no binary package"):
        locked(index)
    with pytest.raises(NotFoundError, match="no source package"):
        locked(index, "x", source="zsh")


def test_a_metapackage_is_followed_within_its_source() -> None:
    suite = Suite()
    suite.add("image-6.12.1-cloud-amd64", "6.12.1-1", source="linux-signed-amd64 (6.12.1+1)")
    suite.add("image-6.12.1-rt-amd64", "6.12.1-1", source="linux-signed-amd64 (6.12.1+1)")
    suite.add("linux-base", "4")
    depends = "linux-base, image-6.12.1-cloud-amd64 (= 6.12.1-1)"
    suite.add("image-cloud-amd64", "6.12.1-1", source="linux-signed-amd64 (6.12.1+1)", depends=depends)
    spec = DebSpec(source="linux-signed-$arch", follow=("image-cloud-$arch",))
    lock = plan_lock("kernel", spec, index_of(suite), Arch.X86_64)
    assert (lock.source, lock.version) == ("linux-signed-amd64", "6.12.1+1")
    assert [deb.package for deb in lock.debs] == ["image-6.12.1-cloud-amd64", "image-cloud-amd64"]


def test_each_architecture_has_its_part(index: DebIndex, tmp_path: Path) -> None:
    ours, theirs = locked(index, "bash"), locked(index, "bash-static", arch=Arch.AARCH64)
    save_lock(ours, tmp_path)
    assert load_lock(tmp_path, "shell", Arch.AARCH64) is None
    save_lock(theirs, tmp_path)
    assert load_lock(tmp_path, "shell", Arch.X86_64) == ours
    assert load_lock(tmp_path, "shell", Arch.AARCH64) == theirs
    first = (tmp_path / "shell.lock").read_bytes()
    save_lock(ours, tmp_path)
    assert (tmp_path / "shell.lock").read_bytes() == first


def test_no_lock_yet(tmp_path: Path) -> None:
    assert load_lock(tmp_path / "none", "shell", Arch.X86_64) is None


def test_what_changed_is_told() -> None:
    before = locked(index_of(a_suite()), "*")
    suite = Suite()
    suite.add("bash", "5.3-1").add("bash-new", "5.3-1", source="bash")
    after = locked(index_of(suite), "*")
    assert diff_locks(before, after) == (
        "bash: 5.2-1+b1 → 5.3-1",
        "bash-doc: removed, was 5.2-1",
        "bash-new: added, 5.3-1",
    )
    assert diff_locks(after, before)[0] == "bash: 5.3-1 → 5.2-1+b1 (older)"
    assert diff_locks(before, before) == ()
    assert diff_locks(None, before) == ("bash: added, 5.2-1+b1", "bash-doc: added, 5.2-1")
    rebuilt = Suite()
    rebuilt.add("bash", "5.2-1+b1", source="bash (5.2-1)", filler=64).add("bash-doc", "5.2-1", source="bash")
    assert diff_locks(before, locked(index_of(rebuilt), "*"))[0] == "bash: 5.2-1+b1, same version with other content"


@pytest.mark.parametrize("mark", ["<<<<<<< HEAD", "=======", ">>>>>>> other", "||||||| base"])
def test_a_merge_conflict_is_told_with_its_line(mark: str, index: DebIndex, tmp_path: Path) -> None:
    path = save_lock(locked(index, "bash"), tmp_path)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:6], mark, *lines[6:]]))
    with pytest.raises(ConfigError, match="unresolved merge conflict") as error:
        load_lock(tmp_path, "shell", Arch.X86_64)
    assert f"{path}:7" in str(error.value)
    assert "boatyard component update shell" in error.value.hint


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("lock-version = 1", "lock-version = 2", "has lock-version 2, and this Boatyard knows 1"),
        ("lock-version = 1", "", "has lock-version None"),
        ('kind = "deb"', 'kind = "upstream"', "of kind 'upstream'"),
        ('kind = "deb"', "kind = [", "damaged"),
        ("pool/main/b/bash/", "pool/../../", "damaged"),
        ("pool/main/b/bash/", "pool/main/b/../bash/", "damaged"),
        ("pool/main/b/bash/", "/", "damaged"),
        ("pool/main/b/bash/", "http://h/", "damaged"),
        ('.deb"', '.deb\\n"', "damaged"),
        ('suite = "trixie"', 'suite = "../trixie"', "damaged"),
        ('package = "bash"', 'package = "../bash"', "damaged"),
        ('package = "bash"', 'package = "bash\\n"', "damaged"),
        ("size = ", "size = -", "damaged"),
        ("size = ", "size = 9999999999", "damaged"),
        ("size = ", "size = 0.", "damaged"),
        ('sha256 = "', 'sha256 = "0', "damaged"),
        ('sha256 = "', 'md5 = "', "damaged"),
        ('source = "bash"', 'source = "$(id)"', "damaged"),
        ('version = "5.2-1"', 'version = "5.2 1"', "damaged"),
        ("[x86_64]", "[sparc]", "damaged"),
        ("", "\x00", "damaged"),
        ("", "\udcff", "damaged"),
        ("", "x = " + "[" * 5000, "damaged"),
        ("", "#" * (5 << 20), "damaged"),
    ],
)
def test_what_is_refused(old: str, new: str, message: str, index: DebIndex, tmp_path: Path) -> None:
    path = save_lock(locked(index, "bash"), tmp_path)
    path.write_bytes(path.read_text().replace(old, new, 1).encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigError, match=message) as error:
        load_lock(tmp_path, "shell", Arch.X86_64)
    assert error.value.hint
    assert str(path) in str(error.value)


def test_a_folder_in_the_place_of_a_lock(tmp_path: Path) -> None:
    (tmp_path / "shell.lock").mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        load_lock(tmp_path, "shell", Arch.X86_64)
