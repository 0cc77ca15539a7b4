"""Compose: from built packages to signed repositories, and the proof that everything in them can be installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.config.channel import Channels
from boatyard.flow.build.repository import last_repositories
from boatyard.ports.files import locked, sweep_temporaries
from boatyard.repo.compose import find_compose, make_current, plan_compose, write_compose
from boatyard.repo.signed import SignedStore
from boatyard_boot.size import format_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boatyard.artifact.build_result import BuildResult
    from boatyard.artifact.repo_snapshot import Compose
    from boatyard.flow.yard import Yard


def compose(yard: Yard, results: Sequence[BuildResult]) -> Compose:
    """The repositories of a distribution, one for each channel, and `current` pointing at them."""
    project, ports, root = yard.project, yard.ports, yard.workspace.repo
    channels = Channels(project)
    published = [(rpm, channels.of(rpm.name, result.component).channel) for result in results for rpm in result.rpms]
    makers: dict[str, set[str]] = {}
    for result in results:
        for rpm in result.rpms:
            makers.setdefault(rpm.file_name, set()).add(result.component)
    plan = plan_compose(published, project.channels, yard.key.digest, makers=makers)
    with locked(root / "lock", lambda: ports.reporter.note("waiting for another run that publishes")):
        sweep_temporaries(root)
        made = find_compose(root, plan)
        if made is None:
            store = SignedStore(yard.workspace.signed, yard.key)
            with ports.reporter.step(f"Sign {len(plan.rpms)} packages, {format_size(sum(r.size for r in plan.rpms))}"):
                store.sign(plan.rpms, ports.run, ports.reporter)
            with ports.reporter.step(f"Write {len(plan.channels)} repositories and check their closure"):
                beside = last_repositories(yard)
                made = write_compose(root, plan, store, yard.key, yard.arch, ports.run, beside=beside)
        make_current(root, made)
    return made
