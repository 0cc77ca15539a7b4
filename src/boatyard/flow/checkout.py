"""Upstream sources that are already on the disk: a dist-git checkout, at the commit the project has locked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard.base.error import SourceError
from boatyard.flow.git import commit_before, head_commit
from boatyard.flow.history import read_lock
from boatyard.flow.prepare import copy_folder

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.config.model.component import Component, UpstreamSpec
    from boatyard.ports.run import Runner


@dataclass(frozen=True, slots=True)
class Checkout:
    """The git repository that a tree is from. `commit`: which one of it; that of HEAD when empty."""

    git: Path
    commit: str = ""


def lay_out_checkout(
    component: Component, spec: UpstreamSpec, checkouts: Path | None, locks: Path, into: Path, run: Runner
) -> Checkout | None:
    """Copies the checkout of a component, its spec named after the component; None for a folder without git.

    SourceError when there is none, or when it is not at the commit that the lock, the pin or the snapshot demands.
    A folder that is no git repository is taken as it is.
    """
    upstream = spec.upstream_name or component.name
    if checkouts is None:
        raise SourceError(
            f"{component.name}: nothing says where its upstream sources are to come from",
            hint="name a folder that holds dist-git checkouts with `--sources-dir DIR`",
        )
    checkout = next((path for name in (component.name, upstream) if (path := checkouts / name).is_dir()), None)
    if checkout is None:
        raise SourceError(
            f"{component.name}: no checkout of {upstream} in {checkouts}",
            hint=f"git clone its dist-git repository to {checkouts / component.name}",
        )
    _check_commit(component, spec, checkout, locks, run)
    copy_folder(checkout, into)
    name_spec(component, upstream, into)
    return Checkout(checkout) if (checkout / ".git").exists() else None


def name_spec(component: Component, upstream: str, tree: Path) -> None:
    """Names the spec of an upstream package after the component."""
    named, wanted = tree / f"{upstream}.spec", tree / f"{component.name}.spec"
    if named != wanted and named.is_file() and not wanted.exists():
        named.rename(wanted)


def _check_commit(component: Component, spec: UpstreamSpec, checkout: Path, locks: Path, run: Runner) -> None:
    head = head_commit(checkout, run)
    if not head:
        return
    lock = read_lock(locks / f"{component.name}.lock")
    pin = spec.upstream_commit.lower()
    wanted = lock.upstream_commit if lock is not None else ""
    if wanted and pin and not wanted.startswith(pin):
        raise SourceError(
            f"lock is stale for {component.name}: config pins {pin} but lock has {wanted}",
            hint=f"`boatyard component update {component.name}`",
        )
    wanted = wanted or pin
    moment = spec.upstream_distro.snapshot
    if not wanted and moment:
        wanted = commit_before(checkout, moment, run)
        if not wanted:
            raise SourceError(
                f"{component.name}: {checkout} has no commit before {moment}", hint="fetch its whole history"
            )
    if wanted and not head.startswith(wanted):
        raise SourceError(
            f"{component.name}: {checkout} is at {head[:12]}, and the project wants {wanted[:12]}",
            hint=f"git -C {checkout} checkout {wanted}",
        )
