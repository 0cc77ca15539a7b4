"""Plans, simulates and searches the build graph of a whole distribution: `python -m bench graph`.

The graph is a real one (BOATYARD_BUILD_GRAPH: a gzipped JSON object with `nodes`, names, and `edges`, pairs of indexes,
the first to be built before the second) or, without one, one of the same shape that is made here. Times of
builds are made up, with the same seed each time: most take minutes, a few take hours.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from boatyard.graph.affected import affected
from boatyard.graph.cycle import cycles, feedback_edges
from boatyard.graph.plan import PlanKind, component_of, make_plan
from boatyard.graph.rank import ranks
from boatyard.graph.simulate import simulate

if TYPE_CHECKING:
    from collections.abc import Callable

Answer = TypeVar("Answer")
Needs = dict[str, set[str]]
ROOT = Path(__file__).parents[1]
WORKERS = (8, 32, 100)
LIMIT = 1.05  # times the lower bound
AFFECTED_LIMIT_S = 1.0
SEED = 1

LANGUAGES = ("rust-", "perl-", "python-", "golang-", "rubygem-", "php-", "ghc-", "R-")
LIBRARIES = ("lib", "qt5-", "qt6-", "kf5-", "kf6-", "plasma-")
MINUTES_OF_GIANTS = {
    "ceph": 180, "cross-gcc": 240, "firefox": 120, "gcc": 200, "ghc": 150, "kernel": 150, "libreoffice": 240,
    "llvm": 180, "python-torch": 240, "qt6-qtwebengine": 300, "rocblas": 240, "rust": 120, "webkitgtk": 200,
}  # fmt: skip
CHROOT_S = 45.0


def main() -> None:
    """Prints figures of the graph, its plans and what the operations take."""
    needs, where = load_graph()
    print(f"{where}: {len(needs)} components, {sum(map(len, needs.values()))} edges")
    members = measured("cycles", lambda: cycles(needs))
    cut = measured("feedback edges", lambda: feedback_edges(needs))
    print(
        f"  {len(members)} cycles of {', '.join(str(len(one)) for one in members)} components, {len(cut)} edges to cut"
    )
    seconds = make_times(needs)
    for kind in PlanKind:
        show_plan(kind, needs, seconds)
    show_affected(needs)


def show_plan(kind: PlanKind, needs: Needs, seconds: dict[str, float]) -> None:
    """The makespan of a plan by numbers of workers, with exact times and with guesses that are off by half."""
    plan = measured(f"plan {kind}", lambda: make_plan(kind, needs))
    times = {node: seconds[component_of(node)] for node in plan.needs}
    dice = random.Random(SEED)
    guessed = {node: time_s * dice.lognormvariate(0, 0.5) for node, time_s in times.items()}
    measured("  ranks", lambda: ranks(plan.needs, times))
    print(f"  {len(plan.needs)} builds, {len(plan.cut)} needs met by the seed")
    for workers in WORKERS:
        schedule = measured(f"  {workers} workers", lambda workers=workers: simulate(plan.needs, times, workers))  # type: ignore[misc]
        rough = simulate(plan.needs, times, workers, guessed=guessed).makespan_s
        ratio = schedule.makespan_s / schedule.bound_s
        verdict = "ok" if ratio <= LIMIT else f"ABOVE {LIMIT}"
        print(
            f"    {schedule.makespan_s / 3600:6.1f} h, {ratio:.3f} of the bound ({schedule.bound_s / 3600:.1f} h;"
            f" {rough / schedule.bound_s:.3f} with rough guesses): {verdict}"
        )


def show_affected(needs: Needs) -> None:
    """What one change reaches, for the most needed components and some others."""
    users: dict[str, int] = dict.fromkeys(needs, 0)
    for wanted in needs.values():
        for need in wanted:
            users[need] += 1
    names = sorted(needs, key=lambda name: (-users[name], name))
    worst = 0.0
    for name in (*names[:5], *random.Random(SEED).sample(names, 20)):
        started = time.perf_counter()
        affected(needs, [name])
        worst = max(worst, time.perf_counter() - started)
    found = affected(needs, names[:1])
    verdict = "ok" if worst < AFFECTED_LIMIT_S else f"ABOVE {AFFECTED_LIMIT_S} s"
    print(f"one change: {names[0]} reaches {len(found.distance)} components, {len(found.direct)} of them directly")
    print(f"  {worst * 1000:.0f} ms for the slowest of 25 changes: {verdict}")


def measured(what: str, work: Callable[[], Answer]) -> Answer:
    """The answer; prints what it took."""
    started = time.perf_counter()
    answer = work()
    print(f"{what}: {(time.perf_counter() - started) * 1000:.0f} ms")
    return answer


def load_graph() -> tuple[Needs, str]:
    """The graph (component → what it is built with), and what it is."""
    default = ROOT.parent / "shared/reference/azl4-build-graph.json.gz"
    path = Path(os.environ.get("BOATYARD_BUILD_GRAPH", default))
    if not path.is_file():
        return make_graph(), "no real graph (BOATYARD_BUILD_GRAPH), so one of its shape that is made here"
    with gzip.open(path) as stream:
        data = json.load(stream)
    names = data["nodes"]
    needs: Needs = {name: set() for name in names}
    for before, after in data["edges"]:
        needs[names[after]].add(names[before])
    return needs, "a real graph"


def make_graph() -> Needs:
    """7,583 components: a core of 2,320 that need each other, and leaves; a few are needed by a quarter of all."""
    dice = random.Random(SEED)
    core = [f"{dice.choice((*LANGUAGES, *LIBRARIES, 'tool-'))}core{number}" for number in range(2320)]
    rest = [f"{dice.choice((*LANGUAGES, *LIBRARIES, 'app-'))}{number}" for number in range(7583 - len(core))]
    core[: len(MINUTES_OF_GIANTS)] = list(MINUTES_OF_GIANTS)

    def some(names: list[str]) -> set[str]:
        count = min(len(names), round(dice.lognormvariate(1.2, 0.9)))
        return {names[int(len(names) * dice.random() ** 4)] for _ in range(count)}

    needs: Needs = {name: (some(core) | {core[number - 1]}) - {name} for number, name in enumerate(core)}
    for number, name in enumerate(rest):
        needs[name] = some(core) | (some(rest[:number]) if dice.random() < 0.2 else set())
    return needs


def make_times(needs: Needs) -> dict[str, float]:
    """Seconds of a build of each component."""
    dice = random.Random(SEED)
    times = {}
    for name in sorted(needs):
        if name in MINUTES_OF_GIANTS:
            minutes = MINUTES_OF_GIANTS[name] * dice.uniform(0.9, 1.1)
        elif name.startswith(LANGUAGES) or name.endswith("-fonts"):
            minutes = 1.3 * dice.lognormvariate(0, 0.7)
        else:
            minutes = 3 * dice.lognormvariate(0, 0.9 if name.startswith(LIBRARIES) else 1.1)
        times[name] = CHROOT_S + minutes * 60
    return times


if __name__ == "__main__":
    main()
