"""A package of what the host's rpmbuild needs to run, and buildroots made of it: real ones, of any host's programs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from tests.spec_file import a_tree

from boatyard.build.rpmbuild import find_environment, run_build
from boatyard.ports.run import Command
from boatyard.rpm.header import read_rpm
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from boatyard.artifact.build_result import RpmFile
    from boatyard.ports.run import HostRunner

PROGRAMS = (
    "sh", "bash", "rpm", "rpmbuild", "rpmdb", "cat", "chmod", "cp", "cut", "date", "dirname", "echo", "env", "find",
    "grep", "head", "id", "install", "ln", "ls", "mkdir", "mv", "nproc", "printf", "readlink", "rm", "rmdir", "sed",
    "sleep", "sort", "stat", "tail", "tar", "gzip", "touch", "tr", "true", "uname", "wc", "xargs", "awk", "basename",
    "file", "yes",
)  # fmt: skip
SPEC = """\
Name: hostbase
Version: 1
Release: 1
Summary: Programs of the host
License: MIT
AutoReqProv: no
Provides: /bin/sh
Provides: rpm-build = 4
%description
Programs of the host.
%install
cp -a {tree}/. %{{buildroot}}/
%files
/*
"""


def host_base(folder: Path, run: HostRunner) -> RpmFile:
    """An RPM with the host's shell, rpmbuild, the usual small programs, and the libraries of all of them."""
    tree = folder / "tree"
    for name in ("usr/bin", "usr/lib", "usr/lib64", "usr/sbin", "etc", "root", "opt", "home"):
        (tree / name).mkdir(parents=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        (tree / name).symlink_to(f"usr/{name}")
    found = [Path(path) for name in PROGRAMS if (path := shutil.which(name, path="/usr/bin:/bin:/usr/sbin:/sbin"))]
    libraries = run(Command(argv=("ldd", *map(str, found)), ok=(0, 1))).text.splitlines()
    paths = {word for line in libraries for word in line.split() if word.startswith("/") and not word.endswith(":")}
    for path in (*found, *map(Path, paths)):
        inside = Path(str(path)) if str(path).startswith("/usr/") else Path("/usr" + str(path))
        target = tree / str(inside).lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            shutil.copy2(path.resolve(), target)
            target.chmod(0o755)
    shutil.copytree("/usr/lib/rpm", tree / "usr/lib/rpm", symlinks=True)
    (tree / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (tree / "etc/group").write_text("root:x:0:\n")
    spec = folder / "hostbase.spec"
    spec.write_text(SPEC.format(tree=tree))
    argv = (
        "rpmbuild", "-bb", "--define", f"_topdir {folder}/top", "--define", "_binary_payload w0.gzdio",
        "--define", "__os_install_post %{nil}", "--define", "debug_package %{nil}", "--define", "_build_id_links none",
        "--define", f"_dbpath {folder}/db", str(spec),
    )  # fmt: skip
    run(Command(argv=argv, env={"HOME": str(folder)}))
    (path,) = (folder / "top/RPMS").rglob("*.rpm")
    return read_rpm(path)


def data_package(
    folder: Path, name: str, run: HostRunner, *, release: str = "1", more: str = "", tags: str = ""
) -> RpmFile:
    """An RPM with /usr/share/NAME/data; `more` is put after the spec's end (scriptlets)."""
    tree = a_tree(folder / "tree", name, release=release, tags=tags)
    tree.spec_path.write_text(tree.spec_path.read_text() + more)
    (folder / "work").mkdir()
    (rpm,) = run_build(tree, find_environment(Arch.of_host(), run), folder / "work", folder / "log", run)
    return rpm
