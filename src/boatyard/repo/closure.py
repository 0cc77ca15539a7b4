"""Closure: can every package of the channels be installed from the channels alone? Answered by libsolv.

And from the repositories that the project builds from, if there are any: it adds to what is in them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boatyard.base.error import BuildError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from boatyard_boot.arch import Arch

SHOWN = 20


def check_closure(channels: Sequence[Path], arch: Arch, *, beside: Sequence[Path] = ()) -> None:
    """BuildError naming the packages that cannot be installed, and why; `channels` are folders with repodata.

    `beside`: those of others, whose packages may be required.
    """
    broken = find_broken(channels, arch, beside=beside)
    if broken:
        lines = [f"{name}: {why}" for name, why in list(broken.items())[:SHOWN]]
        rest = [f"and {len(broken) - SHOWN} more"] if len(broken) > SHOWN else []
        raise BuildError(
            f"{len(broken)} packages cannot be installed from the channels",
            detail="\n".join(lines + rest),
            hint="add the missing components, or drop the dependency by an overlay or a seed rule",
        )


def find_broken(channels: Sequence[Path], arch: Arch, *, beside: Sequence[Path] = ()) -> dict[str, str]:
    """Each package that cannot be installed, with the solver's first reason."""
    import solv

    pool = load_pool((*channels, *beside), arch)
    names = {channel.name for channel in channels}
    broken = {}
    for solvable in sorted((one for one in pool.solvables if one.repo.name in names), key=str):
        solver = pool.Solver()
        solver.set_flag(solv.Solver.SOLVER_FLAG_IGNORE_RECOMMENDED, 1)
        job = pool.Job(solv.Job.SOLVER_INSTALL | solv.Job.SOLVER_SOLVABLE, solvable.id)
        problems = solver.solve([job])
        if problems:
            broken[solvable.name] = str(problems[0].findproblemrule().info().problemstr())
    return broken


def load_pool(channels: Sequence[Path], arch: Arch) -> Any:
    """libsolv's pool of the packages of channels, each a repository named after its folder."""
    import solv

    pool = solv.Pool()
    pool.setarch(arch.value)
    for channel in channels:
        repo = pool.add_repo(channel.name)
        repodata = channel / "repodata"
        for kind, flags in (("primary", 0), ("filelists", solv.Repo.REPO_EXTEND_SOLVABLES)):
            (path,) = repodata.glob(f"*{kind}.xml*")
            repo.add_rpmmd(solv.xfopen(str(path)), None, flags)
    pool.addfileprovides()
    pool.createwhatprovides()
    return pool
