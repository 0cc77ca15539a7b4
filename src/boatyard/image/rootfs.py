"""The root file system of an image: one dnf transaction from signed channels, then made ready to be copied.

dnf runs in a sandbox that sees the channels and the new root and has no network; package scripts change root inside it.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard.artifact.codec import find_sealed, save_sealed
from boatyard.artifact.image import Rootfs
from boatyard.base.digest import fingerprint, sha256_file
from boatyard.base.error import ConfigError, ImageError, ToolError, TrustError, did_you_mean
from boatyard.image.finish import finish
from boatyard.image.installed import installed_packages, installed_size
from boatyard.image.toolbox import Toolbox
from boatyard.ports.files import locked, replacing_dir, sweep_temporaries, temporary_dir, write_atomic
from boatyard.ports.run import Command
from boatyard.ports.sandbox import Sandbox, inside
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from boatyard.artifact.repo_snapshot import RepoSnapshot
    from boatyard.config.model.native_image import NativeImage
    from boatyard.ports.run import Runner

# Raised when the same inputs would give another root.
RECIPE = 2
MAX_REPOMD = 1 << 20
# Places inside dnf's sandbox.
TARGET, STATE, REPOS = "/target", "/state", "/repos"
RPM_MACROS = "%_dbpath /usr/lib/sysimage/rpm\n"
DNF_CONF = """\
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
cachedir=/var/cache/dnf
persistdir=/var/lib/dnf
logdir=/var/log
"""
DNF_REPOSITORY = """
[{channel}]
name={channel}
baseurl=file://{repos}/{channel}
gpgkey=file://{repos}/{channel}.key
gpgcheck=True
repo_gpgcheck=True
skip_if_unavailable=False
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RootfsPlan:
    """What goes into a root. `key` names the content; `epoch`: the newest package's build time, in seconds."""

    key: str
    arch: Arch
    packages: tuple[str, ...]
    exclude: tuple[str, ...]
    docs: bool
    snapshots: tuple[RepoSnapshot, ...]
    epoch: int


def plan_rootfs(native: NativeImage, arch: Arch, snapshots: Mapping[str, RepoSnapshot]) -> RootfsPlan:
    """The plan for a resolved image; `snapshots` by channel. TrustError when a snapshot is not what it says."""
    for channel in native.channels:
        if channel not in snapshots:
            raise ConfigError(f"there is no channel {channel!r}", hint=did_you_mean(channel, snapshots))
    used = tuple(snapshots[channel] for channel in native.channels)
    packages, exclude = native.packages_for(arch), tuple(sorted(native.exclude))
    docs = bool(native.docs)
    revisions = sorted((snapshot.channel, snapshot.revision, sha256_file(snapshot.key_file)) for snapshot in used)
    key = fingerprint([RECIPE, arch, revisions, packages, exclude, docs])
    epoch = max(_newest_build(snapshot) for snapshot in used)
    return RootfsPlan(key=key, arch=arch, packages=packages, exclude=exclude, docs=docs, snapshots=used, epoch=epoch)


def _newest_build(snapshot: RepoSnapshot) -> int:
    """The revision in repomd.xml, which is the newest build time in the repository; else the newest metadata's time."""
    repomd = snapshot.dir / "repodata/repomd.xml"
    if sha256_file(repomd) != snapshot.revision:
        raise TrustError(
            f"the metadata of channel {snapshot.channel!r} was changed: {repomd}", hint="compose the repositories again"
        )
    text = repomd.read_text("utf-8")[:MAX_REPOMD]
    found = re.findall(r"<revision>([0-9]{1,11})</revision>", text) or re.findall(
        r"<timestamp>([0-9]{1,11})</timestamp>", text
    )
    return max((int(value) for value in found), default=0)


def dnf_conf(plan: RootfsPlan) -> str:
    """The whole configuration of dnf; nothing of the host's is read. Packages and metadata must be signed."""
    text = DNF_CONF + (f"excludepkgs={','.join(plan.exclude)}\n" if plan.exclude else "")
    text += "" if plan.docs else "tsflags=nodocs\n"
    return text + "".join(DNF_REPOSITORY.format(channel=snapshot.channel, repos=REPOS) for snapshot in plan.snapshots)


def run_rootfs(plan: RootfsPlan, folder: Path, run: Runner) -> Rootfs:
    """The root of a plan at `folder/<key>/installed/root`, made when it is not there yet; needs root's rights.

    Two processes at once make it once. A killed run leaves nothing that counts.
    """
    if os.geteuid() != 0:
        raise ToolError(
            "an image's root file system needs root: its files belong to many users",
            hint="run as root; in a container with the capability SYS_ADMIN, which the sandbox needs",
        )
    place = folder / plan.key[:16]
    with locked(place / "lock"):
        record = place / "installed/rootfs.json"
        found = find_sealed(Rootfs, record)
        if found is not None and found.key == plan.key and found.dir.is_dir():
            return found
        sweep_temporaries(place)
        box = Toolbox(run, place / "log", plan.epoch)
        with replacing_dir(record.parent) as temporary:
            root = temporary / "root"
            root.mkdir(mode=0o755)
            _make_mount_points(root)
            install(plan, root, box)
            kernel = finish(box, root)
            made = Rootfs(
                dir=record.parent / "root",
                key=plan.key,
                arch=plan.arch,
                kernel=kernel,
                installed_size=installed_size(root),
                packages=installed_packages(box, root),
            )
            save_sealed(made, temporary / record.name)
    return made


def _make_mount_points(root: Path) -> None:
    """Those of the sandbox; the packages set the final modes."""
    for name, mode in (("proc", 0o555), ("dev", 0o755), ("run", 0o755), ("tmp", 0o1777)):
        (root / name).mkdir()
        (root / name).chmod(mode)


def install(plan: RootfsPlan, root: Path, box: Toolbox) -> None:
    """Installs a plan's packages into a root in one transaction; ImageError with dnf's reason."""
    with temporary_dir(root.parent) as state:
        write_atomic(state / "dnf.conf", dnf_conf(plan))
        write_atomic(state / ".rpmmacros", RPM_MACROS)
        channels = [(snapshot.dir, f"{REPOS}/{snapshot.channel}") for snapshot in plan.snapshots]
        keys = [(snapshot.key_file, f"{REPOS}/{snapshot.channel}.key") for snapshot in plan.snapshots]
        sandbox = Sandbox(
            read_only=(*channels, *keys),
            writable=((root, TARGET), (state, STATE)),
            privileged=True,
            change_root=TARGET,
        )
        argv = ("dnf", "-c", f"{STATE}/dnf.conf", f"--installroot={TARGET}", "--releasever=1")
        foreign = () if plan.arch == Arch.of_host() else (f"--forcearch={plan.arch}",)
        env = {"HOME": STATE, "SOURCE_DATE_EPOCH": str(box.epoch)}
        command = Command(argv=(*argv, *foreign, "install", *plan.packages), env=env, log=box.log)
        try:
            box.run(inside(sandbox, command))
        except ToolError as error:
            raise ImageError(
                f"the packages of the image cannot be installed: {_reason(error.problems[0].detail)}",
                detail=error.problems[0].detail,
                hint=error.hint,
            ) from error


def _reason(output: str) -> str:
    """The line of dnf's output that tells most."""
    lines = [line.strip() for line in output.splitlines()]
    for pattern in (r"nothing provides", r"No match for argument", r"GPG", r"^Error:", r"[Ee]rror"):
        found = next((line for line in lines if re.search(pattern, line)), None)
        if found:
            return found
    return "dnf failed"
