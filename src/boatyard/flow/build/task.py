"""What a worker does for a step of a build, on this machine or on another: everything it needs is in the depot.

A step that was carried out already, here or elsewhere, is not carried out again. Answers begin with the words of their
step, so that no two steps of a node have the same.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs

from boatyard.artifact.build_task import BuildTask, Requirements
from boatyard.artifact.codec import Artifact, from_json, save, to_json
from boatyard.artifact.source_tree import SourceTree
from boatyard.build.buildroot import make_root, using
from boatyard.build.mock import Mock, build_in_mock
from boatyard.build.rpmbuild import build_in_root, root_environment
from boatyard.build.srpm import generate_requires, make_srpm
from boatyard.build.store import BuildStore
from boatyard.flow.depot import open_depot
from boatyard.flow.workspace import cache_dir
from boatyard.ports import clock
from boatyard.ports.files import link_or_copy, remove_tree
from boatyard.ports.unpack import unpack_archive
from boatyard.repo.repodata import write_repodata
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boatyard.artifact.build_result import RpmFile
    from boatyard.artifact.build_task import Limits
    from boatyard.artifact.buildroot import Root
    from boatyard.build.depot import Depot
    from boatyard.graph.work import TaskContext
    from boatyard.ports.run import HostRunner

REQUIRE, GENERATE, BUILD = "requirements", "further requirements", "build"
ORDER, STEP = "order.json", "step"  # what a folder of a build holds


class Order(Artifact, frozen=True):
    """A task, and what only the machine that gives it knows: none of these is set for workers elsewhere.

    `builds`: the folder of its depot; `roots`: that of its buildroots; `log`: where the log goes; `keep`: a folder that
    is to hold what a build leaves behind; `mock`: the configuration file of mock, when that is to build.
    """

    task: BuildTask
    builds: str = ""
    roots: str = ""
    log: str = ""
    keep: str = ""
    mock: str = ""


def perform(payload: bytes, context: TaskContext) -> bytes:
    """Carries out one step: finds out requirements, or builds. The record it makes is the answer."""
    order = from_json(Order, payload)
    task = order.task
    cache = cache_dir(os.environ)
    builds = Path(order.builds) if order.builds else cache / "build"
    with open_depot(builds, context.words.get("depot")) as depot:
        record = depot.record(task.key)
        if record is None or (context.step == BUILD and BuildStore(depot).find(task.key) is None):
            with _place(order, context) as work:
                record = _carry_out(order, depot, work, cache, context)
    return answer(context.step, record)


def answer(step: str, record: bytes) -> bytes:
    """What the coordinator is told."""
    return step.encode() + b"\n" + record


def record_of(told: bytes) -> bytes:
    """The record in an answer."""
    return told.partition(b"\n")[2]


def _carry_out(order: Order, depot: Depot, work: Path, cache: Path, context: TaskContext) -> bytes:
    task = order.task
    limits = structs.replace(task.limits, memory_mib=max(task.limits.memory_mib, context.memory_mib))
    environment = root_environment(Arch(task.arch))
    log = Path(order.log) if order.log else cache / "log" / f"{context.node}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    started = clock.monotonic()
    if order.mock:
        srpm, rpms = _build_in_mock(order, limits, depot, work, log, context)
        return to_json(
            BuildStore(depot).add(task.component, task.key, rpms, log, started, srpm=srpm, inputs=task.inputs)
        )
    with using(root_of(order, depot, context.run)) as root:
        tree = tree_of(task, depot, work)
        place = work / STEP
        place.mkdir()
        if context.step == BUILD:
            srpm, rpms = build_in_root(tree, root, environment, limits, place, log, context.run)
            store = BuildStore(depot)
            made = store.add(
                task.component, task.key, rpms, log, started,
                srpm=srpm, inputs=task.inputs, requires=task.requires,
            )  # fmt: skip
            return to_json(made)
        if context.step.startswith(REQUIRE):
            found = make_srpm(tree, root, environment, limits, place, log, context.run)
            told = Requirements(component=task.component, requires=found.requires, complete=not found.dynamic)
        else:
            told = generate_requires(tree, root, environment, limits, place, log, context.run)
    depot.put_record(task.key, to_json(told))
    return to_json(told)


def _build_in_mock(
    order: Order, limits: Limits, depot: Depot, work: Path, log: Path, context: TaskContext
) -> tuple[RpmFile, tuple[RpmFile, ...]]:
    """Builds with mock, to which the packages of the task are offered as a repository."""
    task, offered = order.task, work / "repo"
    offered.mkdir()
    packages = {rpm.file_name: rpm for rpm in task.buildroot}
    for name, rpm in packages.items():
        link_or_copy(depot.fetch(rpm.sha256), offered / name)
    write_repodata(offered, list(packages))
    tree = tree_of(task, depot, work)
    mock = Mock(
        config=Path(order.mock),
        repositories=(offered.as_uri(),) if packages else (),
        options={"unique-ext": context.node.replace("@", ".")},  # a chroot of its own: builds run side by side
        keep=bool(order.keep),
    )
    return build_in_mock(tree, mock, limits, work / STEP, log, context.run)


def root_of(order: Order, depot: Depot, run: HostRunner) -> Root:
    """The buildroot of a task, made if it is not there."""
    task, folder = order.task, Path(order.roots) if order.roots else cache_dir(os.environ) / "buildroot"
    packages = [structs.replace(rpm, path=depot.fetch(rpm.sha256)) for rpm in task.buildroot]
    shared = frozenset(task.base)
    base = make_root([rpm for rpm in packages if rpm.sha256 in shared], folder, run) if shared else None
    return make_root(packages, folder, run, base=base)


def tree_of(task: BuildTask, depot: Depot, work: Path) -> SourceTree:
    """The sources of a task, unpacked below a folder."""
    tree = work / "tree"
    tree.mkdir()
    unpack_archive(depot.fetch(task.tree), tree)
    return SourceTree(component=task.component, dir=tree, spec=task.spec, key=task.tree, epoch=task.epoch)


@contextmanager
def _place(order: Order, context: TaskContext) -> Iterator[Path]:
    """The folder to work in: the task's own, or one that stays."""
    if not order.keep or context.step != BUILD:
        yield context.folder
        return
    kept = Path(order.keep)
    remove_tree(kept)
    kept.mkdir(parents=True)
    save(order, kept / ORDER)
    yield kept
