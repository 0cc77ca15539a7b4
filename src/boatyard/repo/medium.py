"""The repository on an installation medium: some packages and what they need beyond the system that is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boatyard.base.error import BuildError, did_you_mean
from boatyard.ports.files import link_or_copy
from boatyard.repo.closure import load_pool
from boatyard.repo.repodata import write_repodata
from boatyard.rpm.signature import sign_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from boatyard.artifact.image import PackageRow
    from boatyard.ports.run import Runner
    from boatyard.rpm.key import SigningKey
    from boatyard_boot.arch import Arch


def find_additions(
    channels: Sequence[Path], arch: Arch, installed: Sequence[PackageRow], wanted: Sequence[str]
) -> tuple[Path, ...]:
    """The files of `wanted` and of all they need that is not `installed`, sorted by name; recommendations do not count.

    They can be installed together on the installed system, and so any of them: the solver proves it. BuildError naming
    what is missing. `channels` are folders with repodata, which also hold the installed packages.
    """
    import solv

    pool = load_pool(channels, arch)
    present = {_nevra(solvable.name, solvable.evr, solvable.arch): solvable for solvable in pool.solvables}
    lost = [row.name for row in installed if _nevra(row.name, row.evr, row.arch) not in present]
    if lost:
        raise BuildError(f"the channels do not hold {', '.join(lost[:5])}, which the image has")
    there = {present[_nevra(row.name, row.evr, row.arch)].id for row in installed}
    jobs = [pool.Job(solv.Job.SOLVER_INSTALL | solv.Job.SOLVER_SOLVABLE, number) for number in sorted(there)]
    for name in wanted:
        selection = pool.select(name, solv.Selection.SELECTION_NAME | solv.Selection.SELECTION_PROVIDES)
        if selection.isempty():
            names = {solvable.name for solvable in pool.solvables}
            raise BuildError(
                f"`medium-packages` names {name!r}, which is in no channel of the image", hint=did_you_mean(name, names)
            )
        jobs += selection.jobs(solv.Job.SOLVER_INSTALL)
    added = (solvable for solvable in _solve(pool, jobs) if solvable.id not in there)
    folders = {channel.name: channel for channel in channels}
    files = (folders[solvable.repo.name] / solvable.lookup_location()[0] for solvable in added)
    return tuple(sorted(files, key=lambda file: file.name))


def write_medium(folder: Path, files: Sequence[Path], key: SigningKey, run: Runner, *, epoch: int) -> None:
    """Writes a signed repository of these files; the same files at the same `epoch` (seconds) give the same bytes."""
    names = []
    for file in files:
        name = f"Packages/{file.name[0].lower()}/{file.name}"
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        link_or_copy(file, folder / name)
        names.append(name)
    write_repodata(folder, names)
    repomd = folder / "repodata/repomd.xml"
    repomd.with_suffix(".xml.asc").write_bytes(sign_file(repomd, key, run, epoch=epoch))


def _nevra(name: str, evr: str, arch: str) -> tuple[str, str, str]:
    return name, evr.removeprefix("0:"), arch


def _solve(pool: Any, jobs: Sequence[Any]) -> list[Any]:
    import solv

    solver = pool.Solver()
    solver.set_flag(solv.Solver.SOLVER_FLAG_IGNORE_RECOMMENDED, 1)
    problems = solver.solve(jobs)
    if problems:
        told = sorted({str(problem.findproblemrule().info().problemstr()) for problem in problems})
        raise BuildError(
            f"the packages of the medium cannot be installed on the image's system: {told[0]}",
            detail="\n".join(told[1:]),
            hint="add the missing packages to the channels, or take the package out of `medium-packages`",
        )
    transaction = solver.transaction()
    return list(transaction.newpackages())
