"""Compose: from built packages to signed repositories, and the proof that everything in them can be installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.base.size import format_size
from boatyard.ports.files import locked, sweep_temporaries
from boatyard.repo.compose import find_compose, make_current, plan_compose, write_compose
from boatyard.repo.signed import SignedStore

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from boatyard.artifact.build_result import BuildResult
    from boatyard.artifact.repo_snapshot import Compose
    from boatyard.base.arch import Arch
    from boatyard.flow.ports import Ports
    from boatyard.flow.workspace import Workspace
    from boatyard.rpm.key import SigningKey


def compose(
    results: Sequence[BuildResult],
    channel_of: Callable[[str, str], str],
    channels: Sequence[str],
    key: SigningKey,
    workspace: Workspace,
    arch: Arch,
    ports: Ports,
) -> Compose:
    """The repositories of a distribution. `channel_of` gives the channel of (component, package)."""
    published = [(rpm, channel_of(result.component, rpm.name)) for result in results for rpm in result.rpms]
    plan = plan_compose(published, channels, key.digest)
    with locked(workspace.repo / "lock"):
        sweep_temporaries(workspace.repo)
        made = find_compose(workspace.repo, plan)
        if made is None:
            size = format_size(sum(rpm.size for rpm in plan.rpms))
            store = SignedStore(workspace.signed, key)
            with ports.reporter.step(f"Sign {len(plan.rpms)} packages, {size}"):
                store.sign(plan.rpms, ports.run, ports.reporter)
            with ports.reporter.step(f"Write {len(channels)} repositories and check their closure"):
                made = write_compose(workspace.repo, plan, store, key, arch, ports.run)
        make_current(workspace.repo, made)
    return made
