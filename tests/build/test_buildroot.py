"""Buildroots, by the host's rpm in the contained sandbox."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.build.host_root import data_package

from boatyard.artifact.codec import save
from boatyard.base.error import BuildError, NotFoundError, TrustError
from boatyard.build.buildroot import MADE, RECORD, make_root, root_key, sweep_roots, using
from boatyard.ports.sandbox import FIRST_USER

if TYPE_CHECKING:
    from boatyard.artifact.build_result import RpmFile
    from boatyard.artifact.buildroot import Root
    from boatyard.ports.run import HostRunner

pytestmark = [pytest.mark.tool, pytest.mark.skipif(os.geteuid() != 0, reason="files of many users need root")]
SCRIPT = """
%post
id -u > /usr/share/{name}/who
echo $PPID >> /usr/share/{name}/who
touch {host}/escaped 2>/dev/null && echo escaped >> /usr/share/{name}/who
mknod /usr/share/{name}/disk b 8 0 2>/dev/null && echo node >> /usr/share/{name}/who
exit 0
"""


def refuse(command: object) -> object:
    raise AssertionError(f"nothing should run: {command}")


def test_root_is_made_once_and_found_again(base: Root, hostbase: RpmFile, roots: Path) -> None:
    assert (base.dir / "usr/bin/sh").is_file()
    assert (base.dir / "usr/bin/sh").stat().st_uid == FIRST_USER
    assert make_root([hostbase], roots, refuse) == base  # type: ignore[arg-type]


def test_key_is_that_of_the_content_of_the_packages(hostbase: RpmFile) -> None:
    moved = msgspec.structs.replace(hostbase, path=Path("/elsewhere"))
    assert root_key([hostbase]) == root_key([moved]) == root_key([hostbase, moved])
    assert root_key([hostbase]) != root_key([msgspec.structs.replace(hostbase, sha256="0" * 64)])


def test_changed_root_is_made_anew(hostbase: RpmFile, tmp_path: Path, run: HostRunner) -> None:
    root = make_root([hostbase], tmp_path, run)
    victim = root.dir / "usr/bin/sh"
    facts = victim.stat()
    with victim.open("r+b") as stream:
        stream.seek(100)
        stream.write(b"changed")
    os.utime(victim, ns=(facts.st_atime_ns, facts.st_mtime_ns))  # as one would who hides it
    again = make_root([hostbase], tmp_path, run)
    assert b"changed" not in (again.dir / "usr/bin/sh").read_bytes()[:200]


def test_extra_packages_start_from_a_copy_of_the_base(
    base: Root, hostbase: RpmFile, tmp_path: Path, run: HostRunner
) -> None:
    alpha = data_package(tmp_path / "alpha", "alpha", run)
    made = make_root([hostbase, alpha], tmp_path / "roots", run, base=base)
    assert (made.dir / "usr/share/alpha/data").read_text() == "alpha\n"
    assert (made.dir / "usr/bin/sh").is_file()
    assert not (base.dir / "usr/share/alpha").exists()
    assert {rpm.name for rpm in made.packages} == {"hostbase", "alpha"}
    assert make_root([hostbase], tmp_path / "roots", refuse, base=base) is base  # type: ignore[arg-type]


def test_package_that_is_not_what_it_should_be_is_refused(tmp_path: Path, run: HostRunner) -> None:
    alpha = data_package(tmp_path / "alpha", "alpha", run)
    alpha.path.write_bytes(alpha.path.read_bytes() + b"more")
    with pytest.raises(TrustError, match="not the package it should be"):
        make_root([alpha], tmp_path / "roots", run)
    alpha.path.unlink()
    with pytest.raises(NotFoundError):
        make_root([alpha], tmp_path / "roots", run)
    assert not list((tmp_path / "roots").glob("*/made"))


def test_scripts_are_root_of_nothing(base: Root, hostbase: RpmFile, tmp_path: Path, run: HostRunner) -> None:
    (tmp_path / "open").mkdir(mode=0o777)
    (tmp_path / "open").chmod(0o777)
    script = SCRIPT.format(name="alpha", host=tmp_path / "open")
    alpha = data_package(tmp_path / "alpha", "alpha", run, more=script)
    made = make_root([hostbase, alpha], tmp_path / "roots", run, base=base)
    told = (made.dir / "usr/share/alpha/who").read_text().split()
    assert told[0] == "0"
    assert len(told) == 2
    assert list((tmp_path / "open").iterdir()) == []


def test_conflict_tells_rpms_reason(base: Root, hostbase: RpmFile, tmp_path: Path, run: HostRunner) -> None:
    one = data_package(tmp_path / "one", "alpha", run)
    other = data_package(tmp_path / "other", "beta", run, tags="Conflicts: alpha")
    with pytest.raises(BuildError, match="alpha"):
        make_root([hostbase, one, other], tmp_path / "roots", run, base=base)


def test_missing_requirement_is_told(base: Root, hostbase: RpmFile, tmp_path: Path, run: HostRunner) -> None:
    one = data_package(tmp_path / "one", "alpha", run, tags="Requires: nosuchthing")
    with pytest.raises(BuildError, match="nosuchthing is needed by alpha"):
        make_root([hostbase, one], tmp_path / "roots", run, base=base)


def test_kill_leaves_nothing_that_counts(hostbase: RpmFile, tmp_path: Path, run: HostRunner) -> None:
    save(hostbase, tmp_path / "rpm.json")
    program = (
        "import sys; from pathlib import Path; from boatyard.artifact.codec import load\n"
        "from boatyard.artifact.build_result import RpmFile\n"
        "from boatyard.build.buildroot import make_root\nfrom boatyard.ports.run import HostRunner\n"
        "make_root([load(RpmFile, Path(sys.argv[1]))], Path(sys.argv[2]), HostRunner())"
    )
    for delay in (0.3, 0.5, 0.7, 0.9, 1.2):
        words = [sys.executable, "-c", program, str(tmp_path / "rpm.json"), str(tmp_path / "roots")]
        with subprocess.Popen(words, env={"PYTHONPATH": os.pathsep.join(sys.path)}) as process:
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
    root = make_root([hostbase], tmp_path / "roots", run)
    assert (root.dir / "usr/bin/rpmbuild").is_file()
    assert sorted(path.name for path in root.dir.parents[1].iterdir()) == ["lock", "log", "made"]
    place = str(tmp_path).encode()
    commands = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not any(place in command and b"bwrap" in command for command in commands)


def test_two_at_once_make_it_once(hostbase: RpmFile, tmp_path: Path, run: HostRunner) -> None:
    made: list[Root] = []
    threads = [
        threading.Thread(target=lambda: made.append(make_root([hostbase], tmp_path / "roots", run))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [made[0]] * 3
    assert (made[0].dir.parents[1] / "log").read_text().count("[exit 0]") == 2  # mount points and rpm, once


def test_sweep_keeps_what_is_used_and_what_is_new(hostbase: RpmFile, tmp_path: Path, run: HostRunner) -> None:
    alpha = data_package(tmp_path / "alpha", "alpha", run)
    folder = tmp_path / "roots"
    old, new = make_root([alpha], folder, run), make_root([hostbase], folder, run)
    for root in (old, new):
        os.utime(root.dir.parent / RECORD, (1, 1) if root is old else None)
    with using(old):
        assert sweep_roots(folder, max_age_s=3600, max_bytes=1 << 40) == ()
    assert sweep_roots(folder, max_age_s=3600, max_bytes=0) == (old.dir.parents[1].name,)
    assert not (old.dir.parents[1] / MADE).exists()
    assert make_root([hostbase], folder, refuse) == new  # type: ignore[arg-type]
    assert make_root([alpha], folder, run).content != ""
