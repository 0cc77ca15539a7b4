"""The compose: all channels of a distribution as one immutable snapshot, made visible by a single rename.

    repo/<revision>/<channel>/{Packages,repodata}      every snapshot, never changed
    repo/<revision>/RPM-GPG-KEY-<project>              the public key
    repo/current -> <revision>                         what a server shows

All channels change at once, so nobody meets a base of today with a vendor channel of yesterday.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from boatyard.artifact.codec import find_sealed, save_sealed
from boatyard.artifact.repo_snapshot import Compose, RepoSnapshot
from boatyard.base.digest import fingerprint, sha256_tree
from boatyard.base.error import BuildError
from boatyard.ports.files import TEMPORARY, link_or_copy, replacing_dir
from boatyard.repo.closure import check_closure
from boatyard.repo.repodata import write_repodata
from boatyard.rpm.signature import sign_file

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from boatyard.artifact.build_result import RpmFile
    from boatyard.ports.run import Runner
    from boatyard.repo.signed import SignedStore
    from boatyard.rpm.key import SigningKey
    from boatyard_boot.arch import Arch

UNPUBLISHED = "none"
COMPOSE = "compose.json"
RECIPE = 1


@dataclass(frozen=True, slots=True)
class ComposePlan:
    """Which packages each channel holds, and the revision that names this content."""

    channels: Mapping[str, tuple[RpmFile, ...]]
    revision: str

    @property
    def rpms(self) -> tuple[RpmFile, ...]:
        return tuple(rpm for rpms in self.channels.values() for rpm in rpms)


def plan_compose(
    rpms: Iterable[tuple[RpmFile, str]],
    channels: Iterable[str],
    key_digest: str,
    *,
    makers: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> ComposePlan:
    """Sorts packages, each with the name of its channel, into the channels; BuildError on any contradiction.

    `makers`: the components that build a file of a name, for the message.
    """
    content: dict[str, list[RpmFile]] = {name: [] for name in channels}
    for rpm, channel in rpms:
        if channel == UNPUBLISHED:
            continue
        if channel not in content:
            raise BuildError(
                f"package {rpm.name} goes to channel {channel!r}, which the project does not have",
                hint="set publish.rpm-channel to one of: " + ", ".join(content),
            )
        content[channel].append(rpm)
    counted = Counter(rpm.file_name for rpms in content.values() for rpm in rpms)
    twice = sorted(name for name, count in counted.items() if count > 1)
    if twice:
        who = ", ".join(sorted(makers.get(twice[0], ())))
        raise BuildError(
            f"{twice[0]} is built by more than one component{f': {who}' if who else ''}",
            hint="a name, version, release and arch must be unique",
        )
    ordered = {name: tuple(sorted(rpms, key=lambda rpm: rpm.file_name)) for name, rpms in content.items()}
    digests = {name: [[rpm.file_name, rpm.sha256] for rpm in rpms] for name, rpms in ordered.items()}
    return ComposePlan(ordered, fingerprint([RECIPE, key_digest, digests])[:16])


def find_compose(root: Path, plan: ComposePlan) -> Compose | None:
    """The snapshot of a plan when it was written before and nothing of it was changed or damaged since."""
    folder = root / plan.revision
    made = find_sealed(Compose, folder / COMPOSE)
    if made is None or made.dir != folder or sha256_tree(folder, leave_out=(COMPOSE,)) != made.digest:
        return None
    return made


def write_compose(
    root: Path,
    plan: ComposePlan,
    store: SignedStore,
    key: SigningKey,
    arch: Arch,
    run: Runner,
    *,
    beside: Sequence[Path] = (),
) -> Compose:
    """Writes the snapshot of a plan from signed packages; BuildError when one of them could not be installed.

    `beside`: folders of other repositories, whose packages these may require.
    """
    target = root / plan.revision
    key_name = f"RPM-GPG-KEY-{key.name}"
    with replacing_dir(target) as folder:
        (folder / key_name).write_bytes(key.public)
        channels = []
        for channel, rpms in plan.channels.items():
            revision = _write_channel(folder / channel, rpms, store, key, run)
            channels.append(
                RepoSnapshot(
                    channel=channel,
                    dir=target / channel,
                    key_file=target / key_name,
                    revision=revision,
                    packages=len(rpms),
                    size=sum(rpm.size for rpm in rpms),
                )
            )
        check_closure([folder / channel for channel in plan.channels], arch, beside=beside)
        compose = Compose(
            revision=plan.revision,
            digest=sha256_tree(folder),
            dir=target,
            key_file=target / key_name,
            channels=tuple(channels),
        )
        save_sealed(compose, folder / COMPOSE)
    return compose


def make_current(root: Path, compose: Compose) -> Path:
    """Points `current` at a snapshot, in one step; its path."""
    link = root / "current"
    temporary = root / f"{TEMPORARY}current-{os.getpid()}"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(compose.revision)
    temporary.replace(link)
    return link


def _write_channel(folder: Path, rpms: Iterable[RpmFile], store: SignedStore, key: SigningKey, run: Runner) -> str:
    names = []
    for rpm in rpms:
        name = f"Packages/{rpm.file_name[0].lower()}/{rpm.file_name}"
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        link_or_copy(store.path(rpm), folder / name)
        names.append(name)
    folder.mkdir(parents=True, exist_ok=True)
    revision = write_repodata(folder, names)
    repomd = folder / "repodata/repomd.xml"
    repomd.with_suffix(".xml.asc").write_bytes(sign_file(repomd, key, run))
    return revision
