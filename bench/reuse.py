"""What interfaces of packages take to read, and what they save: `python -m bench reuse`.

The first part reads the RPMs of a built repository (BOATYARD_RPMS, or that of the demo). The second is a simulation on
the build graph of a whole distribution: components are changed at random, and how many rebuilds show in an interface
is an assumption. What happens in a distribution is told by `boatyard why` and by audits, not by this.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from graphlib import TopologicalSorter
from pathlib import Path

from bench.graph import Needs, load_graph, make_times
from boatyard.graph.affected import affected
from boatyard.graph.cycle import feedback_edges
from boatyard.rpm.interface import read_manifest

ROOT = Path(__file__).parents[1]
DRAWS = 60
CHANGED = (1, 10, 50, 200)
# The share of changes, and of rebuilds, that show in an interface.
ASSUMED = ((0.25, 0.05), (0.05, 0.01))
SEED = 1


def main() -> None:
    """Prints both parts."""
    show_packages(Path(os.environ.get("BOATYARD_RPMS", ROOT / "build/demo/out/repo/current")))
    show_simulation()


def show_packages(folder: Path) -> None:
    """Classes and times of the RPMs below a folder."""
    paths = sorted(path for path in folder.rglob("*.rpm") if not path.name.endswith(".src.rpm"))
    if not paths:
        print(f"no RPMs below {folder} (BOATYARD_RPMS names another folder)")
        return
    kinds: Counter[str] = Counter()
    slowest, which = 0.0, ""
    started = time.perf_counter()
    for path in paths:
        before = time.perf_counter()
        manifest = read_manifest(path)
        kinds[manifest.digests.kind] += 1
        if time.perf_counter() - before > slowest:
            slowest, which = time.perf_counter() - before, path.name
    seconds = time.perf_counter() - started
    size = sum(path.stat().st_size for path in paths)
    finer = len(paths) - kinds["tool"] - kinds["other"]
    print(f"{len(paths)} RPMs of {size / 1e6:.0f} MB: {seconds:.2f} s; the slowest {slowest * 1000:.0f} ms ({which})")
    print("  " + ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()))
    print(f"  {finer} ({finer / len(paths):.0%}) count with less than all they install")


def show_simulation() -> None:
    """Rebuilds after random changes: with strict keys, of what needs them directly, and with interfaces."""
    needs, where = load_graph()
    cut = set(feedback_edges(needs))
    acyclic = {node: {need for need in wanted if (node, need) not in cut} for node, wanted in needs.items()}
    order = list(TopologicalSorter(acyclic).static_order())
    seconds = make_times(needs)
    whole = sum(seconds.values()) / 3600
    print(f"simulation on {where}: {len(needs)} components, {whole:.0f} h; mean of {DRAWS} draws, made-up times")
    print(
        "  changed   strict            direct            "
        + "".join(f"{a:.0%} then {b:.0%}".ljust(18) for a, b in ASSUMED)
    )
    dice = random.Random(SEED)
    for count in CHANGED:
        cells: list[list[set[str]]] = [[] for _ in range(2 + len(ASSUMED))]
        for _ in range(DRAWS):
            changed = dice.sample(sorted(needs), count)
            found = affected(needs, changed)
            cells[0].append({*changed, *found.distance})
            cells[1].append({*changed, *found.direct})
            for place, shown in enumerate(ASSUMED, 2):
                cells[place].append(rebuilt(acyclic, order, set(changed), shown, dice))
        row = "".join(_cell(sets, seconds) for sets in cells)
        print(f"  {count:7}   {row}")


def rebuilt(
    needs: Needs, order: list[str], changed: set[str], shown: tuple[float, float], dice: random.Random
) -> set[str]:
    """The components that are built when a rebuild shows to those that need it with these chances."""
    built: set[str] = set()
    differ: set[str] = set()
    for node in order:
        if node in changed or not differ.isdisjoint(needs[node]):
            built.add(node)
            if dice.random() < (shown[0] if node in changed else shown[1]):
                differ.add(node)
    return built


def _cell(sets: list[set[str]], seconds: dict[str, float]) -> str:
    count = sum(map(len, sets)) / len(sets)
    hours = sum(seconds[node] for one in sets for node in one) / len(sets) / 3600
    return f"{count:6.0f} {hours:6.1f} h   ".ljust(18)


if __name__ == "__main__":
    main()
