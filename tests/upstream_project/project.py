"""A project of 33 components of another distribution, and that distribution: dist-git, lookaside, snapshots, pins.

    python -m tests.upstream_project.project DIR      writes it, serves its upstream, and waits

Every package upstream has three commits on its branch: an older version, the one that the project's snapshot means, and
a later one that does not build. What is built must therefore be of the snapshot, or of the pin.
"""

from __future__ import annotations

import hashlib
import io
import string
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.sources.upstream.forge import BRANCH, Forge, serving
from tests.upstream_project.c_packages import C_PACKAGES
from tests.upstream_project.noarch_packages import BOOTSTRAP, BOOTSTRAP_FILES, NOARCH_PACKAGES, TABLE
from tests.upstream_project.overlaid_packages import OVERLAID_PACKAGES
from tests.upstream_project.package import Package, sha512, tar_gz
from tests.web_server import Web
from tests.web_server import serving as serving_web

from boatyard.overlay.archive import pack
from boatyard.ports.files import temporary_dir
from boatyard.ports.run import Command, HostRunner

if TYPE_CHECKING:
    from collections.abc import Mapping

PACKAGES = (*C_PACKAGES, *NOARCH_PACKAGES, *OVERLAID_PACKAGES)
SNAPSHOT = "2026-02-01T00:00:00Z"
# Seconds since the epoch of the commits upstream: 2026-01-01, 2026-01-10, and 2026-03-01, after the snapshot.
OLDER, MEANT, LATER = 1767225600, 1768003200, 1772323200
AUTHOR = "Ada <ada@example.org>"
ROOT = """\
includes = ["comps/*/*.comp.toml"]

[project]
description = "A fleet, for tests"
default-distro = {{ name = "fleet", version = "1" }}

[distros.fleet.versions.1]
release-ver = "1"
inputs.rpm-build = [{{ repo = "bootstrap" }}]

[distros.fleet.versions.1.default-component-config]
spec = {{ type = "upstream", upstream-distro = {{ name = "sea", version = "43", snapshot = "{snapshot}" }} }}

[resources.rpm-repos.bootstrap]
description = "What a cycle begins with"
base-uri = "{web}/bootstrap"
disable-gpg-check = true

[distros.sea]
dist-git-base-uri = "{forge}"
lookaside-base-uri = "{web}/pkgs/$pkg/$filename/$hashtype/$hash/$filename"

[distros.sea.versions.43]
release-ver = "43"
dist-git-branch = "{branch}"
"""


@dataclass
class UpstreamProject:
    """`dir`: the project. `commits`: by component, the commit upstream that it means."""

    dir: Path
    commits: dict[str, str]


def make_project(folder: Path, forge: Forge, web: Web) -> UpstreamProject:
    """Writes the project and fills the servers of its upstream; both must be running."""
    made = UpstreamProject(folder, {})
    values = {"web": web.url, "table": _packed(folder.parent, TABLE), "wharf": _repaired(folder.parent)}
    text = ROOT.format(snapshot=SNAPSHOT, web=web.url, forge=forge.http_url, branch=BRANCH)
    _write(folder, {"azldev.toml": text})
    for package in PACKAGES:
        older = ""
        if not package.local:
            older, meant = publish(package, forge)
            made.commits[package.name] = older if "$older" in package.config else meant
        _serve(package, web)
        _write_component(package, folder, string.Template(package.config).safe_substitute(values, older=older))
    return made


def publish(package: Package, forge: Forge) -> tuple[str, str]:
    """Makes the package's repository; the older commit and the one that is meant."""
    forge.make(package.source)
    forge.git(package.source, "fast-import", "--quiet", "--done", given=history(package))
    log = forge.git(package.source, "rev-list", "--first-parent", "--reverse", BRANCH).split()
    return log[0], log[1]


def history(package: Package) -> bytes:
    """The package's commits, as input of `git fast-import`."""
    archives = {name: tar_gz(name.removesuffix(".tar.gz"), files) for name, files in package.archives.items()}
    version = "2.0" if package.name == "beacon" else "1.0"
    old = package.spec.replace(f"Version:        {version}", f"Version:        {package.older}")
    broken = package.spec.replace("%prep\n", "%prep\nfalse # newer than the snapshot\n", 1)
    files = dict(package.files) | {"sources": sources(package, archives)}
    stream = _commit(1, OLDER, old, package, files)
    if package.merged:  # the side branch begins below, and is newer
        stream += _commit(2, MEANT, package.spec, package, files)
        stream += _commit(3, MEANT + 3600, broken, package, files, branch="side", parents=(1,))
        stream += _commit(4, LATER, broken, package, files, parents=(2, 3))
    else:
        stream += _commit(2, MEANT, package.spec, package, files)
        stream += _commit(3, LATER, broken, package, files)
    return stream + b"done\n"


def sources(package: Package, archives: Mapping[str, bytes]) -> str:
    """The `sources` file: of the old form for a weak package, else of the new one."""
    if package.weak:
        return "".join(f"{_md5(data)}  {name}\n" for name, data in archives.items())
    return "".join(f"SHA512 ({name}) = {sha512(data)}\n" for name, data in archives.items())


def make_bootstrap(folder: Path, web: Web, run: HostRunner) -> None:
    """Builds the package that the cycle begins with, by the host's rpmbuild, and serves its repository."""
    top, repository = folder / "rpmbuild", folder / "repository"
    _write(top, {"SPECS/davit.spec": BOOTSTRAP})
    (top / "SOURCES").mkdir()
    (top / "SOURCES/davit-0.tar.gz").write_bytes(tar_gz("davit-0", BOOTSTRAP_FILES))
    words = ("rpmbuild", "-bb", "--quiet", "--define", f"_topdir {top}", f"{top}/SPECS/davit.spec")
    run(Command(argv=words, env={"SOURCE_DATE_EPOCH": str(OLDER)}))
    repository.mkdir()
    for rpm in (top / "RPMS").rglob("*.rpm"):
        rpm.rename(repository / rpm.name)
    run(Command(argv=("createrepo_c", "--quiet", str(repository))))
    for path in repository.rglob("*"):
        if path.is_file():
            web.files[f"/bootstrap/{path.relative_to(repository)}"] = path.read_bytes()


def _commit(
    mark: int, time: int, spec: str, package: Package, files: Mapping[str, str], *, branch: str = BRANCH,
    parents: tuple[int, ...] = (),
) -> bytes:  # fmt: skip
    stream = io.BytesIO()
    who = f"{AUTHOR} {time} +0000"
    message = f"{package.source} of {time}\n".encode()
    stream.write(f"commit refs/heads/{branch}\nmark :{mark}\nauthor {who}\ncommitter {who}\n".encode())
    stream.write(b"data %d\n%s" % (len(message), message))
    for number, parent in enumerate(parents):
        stream.write(f"{'merge' if number else 'from'} :{parent}\n".encode())
    for name, text in ({f"{package.source}.spec": spec} | dict(files)).items():
        data = text.encode()
        stream.write(f"M 100644 inline {name}\n".encode() + b"data %d\n%s\n" % (len(data), data))
    return stream.getvalue() + b"\n"


def _serve(package: Package, web: Web) -> None:
    for name, files in package.archives.items():
        data = tar_gz(name.removesuffix(".tar.gz"), files)
        kind, digest = ("md5", _md5(data)) if package.weak else ("sha512", sha512(data))
        web.files[f"/pkgs/{package.source}/{name}/{kind}/{digest}/{name}"] = data
    web.files |= {f"/served/{name}": data for name, data in package.served.items()}


def _write_component(package: Package, folder: Path, config: str) -> None:
    beside = dict(package.beside)
    table = f"[components.{package.name}]\n"
    if package.upstream:
        table += f'spec = {{ type = "upstream", upstream-name = "{package.upstream}" }}\n'
    if package.local:
        table += f'spec = {{ type = "local", path = "{package.name}.spec" }}\n'
        archives = {name: tar_gz(name.removesuffix(".tar.gz"), files) for name, files in package.archives.items()}
        beside |= {f"{package.name}.spec": package.spec, "sources": sources(package, archives)} | dict(package.files)
    _write(folder / "comps" / package.name, {f"{package.name}.comp.toml": table + config} | beside)


def _write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755 if text.startswith("#!") else 0o644)


def _packed(folder: Path, files: Mapping[str, str]) -> str:
    """The SHA-256 of a .tar that Boatyard makes of files."""
    with temporary_dir(folder) as work:
        _write(work / "content", files)
        with (work / "archive").open("wb") as stream:
            pack(work / "content", stream, "")
        return hashlib.sha256((work / "archive").read_bytes()).hexdigest()


def _repaired(folder: Path) -> str:
    """The SHA-512 of the wharf's archive after its overlay."""
    with temporary_dir(folder) as work:
        _write(work / "wharf-1.0", {"wharf.sh": "#!/bin/sh\necho wharf: repaired\n"})
        with (work / "archive").open("wb") as stream:
            pack(work / "wharf-1.0", stream, "gz")
        return sha512((work / "archive").read_bytes())


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def main() -> int:
    """Writes the project into a new folder and serves its upstream until it is told to stop."""
    folder = Path(sys.argv[1]).absolute()
    folder.mkdir(parents=True)
    run = HostRunner()
    forge = Forge(folder / "upstream", run)
    with serving(forge), serving_web() as web:
        make_bootstrap(folder / "bootstrap", web, run)
        make_project(folder / "project", forge, web)
        print(f"{len(PACKAGES)} components: cd {folder}/project; Enter ends the servers")
        sys.stdin.readline()
    run.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
