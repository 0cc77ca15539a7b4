"""The `mock` back end: builds in Fedora's mock, where it is installed, with its own configuration of buildroots.

The words are those of azldev (`component build`), so that both give the same packages: what a component defines goes
through its macros file, never through --define. mock wants a member of the group `mock`, not root.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec import structs

from boatyard.base.error import BuildError, ToolError
from boatyard.build.cause import find_cause
from boatyard.build.step import read_plain, take_files
from boatyard.ports.run import Command
from boatyard.rpm.header import read_rpm

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from boatyard.artifact.build_result import RpmFile
    from boatyard.artifact.build_task import Limits
    from boatyard.artifact.source_tree import SourceTree
    from boatyard.ports.run import Runner

MAX_LOG = 64 << 20
TAIL = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Mock:
    """How mock is called. `config`: its configuration file; `repositories`: further ones, as URLs or absolute paths.

    `options`: for --config-opts, by name. `nspawn`: isolation by systemd-nspawn in place of mock's choice. `keep`:
    leave the chroot as it is after a build.
    """

    config: Path
    repositories: tuple[str, ...] = ()
    options: Mapping[str, str]
    basedir: Path | None = None
    rootdir: Path | None = None
    verbose: bool = False
    network: bool = False
    nspawn: bool = False
    keep: bool = False
    check: bool = True


def base_argv(mock: Mock) -> tuple[str, ...]:
    """What every call begins with."""
    argv = ["mock", "--verbose" if mock.verbose else "--quiet"]
    if mock.nspawn:
        argv += ["--isolation", "nspawn"]
    argv += ["-r", str(mock.config), "--configdir", str(mock.config.parent)]
    if mock.basedir is not None:
        argv += ["--config-opts", f"basedir={mock.basedir}"]
    if mock.rootdir is not None:
        argv += ["--rootdir", str(mock.rootdir)]
    for name in sorted(mock.options):
        argv += ["--config-opts", f"{name}={mock.options[name]}"]
    if mock.network:
        argv.append("--enable-network")
    if mock.keep:
        argv.append("--no-clean")
    return tuple(argv)


def srpm_argv(mock: Mock, tree: SourceTree, results: Path) -> tuple[str, ...]:
    """Makes the source package of a tree."""
    words = ("--buildsrpm", "--spec", str(tree.spec_path), "--sources", str(tree.dir), "--resultdir", str(results))
    return (*base_argv(mock), *words, *_repositories(mock))


def build_argv(mock: Mock, srpm: Path, results: Path) -> tuple[str, ...]:
    """Makes the binary packages of a source package."""
    check = () if mock.check else ("--nocheck",)
    return (*base_argv(mock), "--resultdir", str(results), *_repositories(mock), *check, str(srpm))


def scrub_argv(mock: Mock) -> tuple[str, ...]:
    """Removes the chroot."""
    return (*base_argv(mock), "--scrub", "chroot")


def build_in_mock(
    tree: SourceTree, mock: Mock, limits: Limits, work: Path, log: Path, run: Runner
) -> tuple[RpmFile, tuple[RpmFile, ...]]:
    """The source package and the binary packages of a tree, below the empty folder `work`; BuildError with the cause.

    Of the limits only the time is held here: mock's own configuration limits the rest.
    """
    if os.geteuid() == 0:
        raise ToolError(
            "mock does not run as root", hint="run as a member of the group mock, or use the back end sandbox"
        )
    results = {name: work / name for name in ("srpm", "rpm")}
    for folder in results.values():
        folder.mkdir(parents=True)
    _call(tree, srpm_argv(mock, tree, results["srpm"]), limits, results["srpm"], log, run)
    srpms = _packages(results["srpm"], work / "out/srpm", ".src.rpm")
    if len(srpms) != 1:
        raise BuildError(f"{tree.component} gives {len(srpms)} source packages, not one", hint=f"whole log: {log}")
    _call(tree, build_argv(mock, srpms[0].path, results["rpm"]), limits, results["rpm"], log, run)
    rpms = tuple(rpm for rpm in _packages(results["rpm"], work / "out/rpm", ".rpm") if rpm.arch not in ("src", "nosrc"))
    if not rpms:
        raise BuildError(f"{tree.component} builds, but gives no package", hint=f"has {tree.spec} a %files section?")
    if not mock.keep:
        run(Command(argv=scrub_argv(mock), log=log, timeout_s=limits.seconds))
    return structs.replace(srpms[0], arch="src"), rpms


def _repositories(mock: Mock) -> tuple[str, ...]:
    return tuple(word for repository in mock.repositories for word in ("--addrepo", repository))


def _packages(folder: Path, target: Path, suffix: str) -> tuple[RpmFile, ...]:
    target.mkdir(parents=True)
    return tuple(read_rpm(path) for path in take_files(folder, target, suffix))


def _call(tree: SourceTree, argv: tuple[str, ...], limits: Limits, results: Path, log: Path, run: Runner) -> None:
    try:
        run(Command(argv=argv, log=log, timeout_s=limits.seconds))
    except ToolError as error:
        if not (results / "build.log").exists():
            raise  # mock itself failed; its own words are in the error
        text = read_plain(results / "build.log", MAX_LOG).decode("utf-8", "replace")
        tail = "\n".join(text.splitlines()[-TAIL:])
        cause = find_cause(tail, 1)
        raise BuildError(
            f"{tree.component} does not build{f': {cause.what}' if cause.what else ''}",
            detail=cause.evidence,
            hint="; ".join(word for word in (cause.hint, f"whole log: {results / 'build.log'}") if word),
        ) from error
