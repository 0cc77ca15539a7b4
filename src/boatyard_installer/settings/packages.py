"""Packages of the answers, by the live system's dnf, and the repositories of the new system."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard_boot.tree import resolve
from boatyard_installer.error import StepError
from boatyard_installer.settings.files import place, put_file
from boatyard_installer.settings.sandbox import run_beside

if TYPE_CHECKING:
    from boatyard_installer.answers import Answers, Repository
    from boatyard_installer.medium import Medium
    from boatyard_installer.run import Run

KEYS = "etc/pki/rpm-gpg"
MEDIUM = "boatyard-medium"
RESERVED = ("main", MEDIUM)  # [main] is dnf's own section
CACHE = "var/cache/boatyard-dnf"
# The database of the live system's rpm need not be where the new system has its own.
RPM_MACROS = "%_dbpath /usr/lib/sysimage/rpm\n"
DNF_CONF = f"""\
[main]
reposdir=/nonexistent
varsdir=/nonexistent
pluginpath=/nonexistent
plugins=False
assumeyes=True
best=True
gpgcheck=True
localpkg_gpgcheck=True
install_weak_deps=False
skip_if_unavailable=False
tsflags=nodocs
cachedir=/{CACHE}
"""


def install_packages(root: Path, answers: Answers, medium: Medium, run: Run) -> None:
    """Installs the packages that are asked for. Only signed ones; network only for repositories with `use`."""
    names = answers.packages.install
    if not names:
        return
    used = tuple(repository for repository in answers.repositories if repository.use)
    own = tuple(repository.id for repository in answers.repositories)
    with tempfile.TemporaryDirectory(prefix="boatyard-") as text:
        folder = Path(text)
        (folder / ".rpmmacros").write_text(RPM_MACROS)
        for repository in used:
            (folder / f"{repository.id}.key").write_text(repository.key)
        (folder / "dnf.conf").write_text(dnf_conf(medium, medium_keys(root, own), used, folder))
        version = f"--releasever={medium.version or '1'}"
        argv = ("dnf", "-c", str(folder / "dnf.conf"), f"--installroot={root}", version, "install", "--", *names)
        network = any(not repository.url.startswith("file:") for repository in used)
        try:
            run_beside(root, argv, run, home=folder, network=network)
        except StepError as error:
            hint = "see whether the medium has them: `packages` of the answers"
            raise StepError("the packages cannot be installed", hint=hint, detail=error.detail) from error
        finally:
            shutil.rmtree(resolve(root, CACHE), ignore_errors=True)


def dnf_conf(medium: Medium, keys: tuple[Path, ...], used: tuple[Repository, ...], folder: Path) -> str:
    """The whole configuration of dnf; nothing of the live system's is read. `folder`: where ID.key are."""
    text = DNF_CONF
    if medium.repository.is_dir():
        text += section(MEDIUM, medium.name, f"file://{medium.repository}", keys) + "repo_gpgcheck=1\n"
    return text + "".join(section(r.id, r.name or r.id, r.url, (folder / f"{r.id}.key",)) for r in used)


def section(name: str, title: str, url: str, keys: tuple[Path, ...]) -> str:
    """A repository in dnf.conf(5); its packages must be signed by one of the keys."""
    gpgkey = " ".join(f"file://{key}" for key in keys)
    return f"\n[{name}]\nname={title}\nbaseurl={url}\nenabled=1\ngpgcheck=1\ngpgkey={gpgkey}\n"


def medium_keys(root: Path, own: tuple[str, ...]) -> tuple[Path, ...]:
    """The keys that the image brings; not those of the repositories in the answers, which sign only their own."""
    others = {f"RPM-GPG-KEY-{name}" for name in own}
    found = sorted(resolve(root, KEYS).glob("RPM-GPG-KEY-*"))
    keys = (resolve(root, f"{KEYS}/{path.name}") for path in found if path.name not in others)
    return tuple(path for path in keys if path.is_file() and re.fullmatch(r"[A-Za-z0-9_.-]+", path.name))


def write_repositories(root: Path, repositories: tuple[Repository, ...]) -> None:
    """/etc/yum.repos.d/ID.repo and its key for each; StepError when the image has one of that name."""
    for repository in repositories:
        if is_taken(root, repository.id):
            raise StepError(
                f"the new system has a repository or key {repository.id!r} already", hint="choose another id"
            )
    for repository in repositories:
        key = f"{KEYS}/RPM-GPG-KEY-{repository.id}"
        put_file(root, key, repository.key.strip() + "\n")
        put_file(root, f"etc/yum.repos.d/{repository.id}.repo", repository_file(repository, Path("/", key)))


def repository_file(repository: Repository, key: Path) -> str:
    """ID.repo."""
    return section(repository.id, repository.name or repository.id, repository.url, (key,)).lstrip()


def is_taken(root: Path, name: str) -> bool:
    """Whether a repository's id means something already."""
    files = (f"etc/yum.repos.d/{name}.repo", f"{KEYS}/RPM-GPG-KEY-{name}")
    return name in RESERVED or any(place(root, path).exists() or place(root, path).is_symlink() for path in files)
