"""`boatyard graph`: what is built with what, cycles, orders, and what a change reaches."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from boatyard.base.error import ConfigError
from boatyard.cli.choice import chosen_project, is_quiet
from boatyard.cli.component import locks_of
from boatyard.cli.option import add_place_options, workspace_of
from boatyard.cli.table import add_format, render_pairs, show, to_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping

    from boatyard.config.project import Project
    from boatyard.graph.build_graph import BuildGraph, Cause, Requirement
    from boatyard.graph.plan import Plan
    from boatyard.graph.simulate import Schedule

COLUMNS = ("edge", "component", "requirement", "known from", "provider")
CYCLE_COLUMNS = ("members", "a way around", "to cut", "components")
ORDER_COLUMNS = ("start", "worker", "builds", "after", "from the seed")
AFFECTED_COLUMNS = ("component", "distance", "built with")
SHOWN = 6  # names of a long list in a table; JSON has all of them
PLANS = "A: one pass, C: members of cycles twice, D: everything twice"


def register(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the noun with its verbs."""
    noun = nouns.add_parser("graph", help="what is built with what", description=__doc__)
    verbs = noun.add_subparsers(metavar="VERB", required=True)
    _add_show(verbs)
    cycles = verbs.add_parser("cycles", help="components that need each other to be built")
    _add_place(cycles)
    add_format(cycles)
    cycles.set_defaults(run=show_cycles)
    order = verbs.add_parser("order", help="the order of a build, as far as it is known beforehand")
    _add_place(order)
    order.add_argument("--workers", type=int, metavar="N", help="builds at a time (one for each processor)")
    order.add_argument("--plan", choices=("A", "C", "D"), default="A", help=f"{PLANS} (A)")
    add_format(order)
    order.set_defaults(run=show_order)
    affected = verbs.add_parser("affected", help="what a change of components may reach")
    _add_place(affected)
    affected.add_argument("names", nargs="+", metavar="COMPONENT", help="what changes, by name or glob")
    affected.add_argument("--direct", action="store_true", help="only what is built with them itself")
    add_format(affected)
    affected.set_defaults(run=show_affected)


def _add_show(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = verbs.add_parser("show", help="what a component is built with, what is built with it, and why")
    _add_place(parser)
    parser.add_argument("name", nargs="?", default="", metavar="COMPONENT", help="one component; without it, the whole")
    parser.add_argument(
        "-o", "-O", "--output", "--output-format", dest="output", choices=("table", "json", "dot"), default="table",
        help="table (default), json, or dot for Graphviz",
    )  # fmt: skip
    parser.set_defaults(run=show_graph)


def _add_place(parser: argparse.ArgumentParser) -> None:
    add_place_options(parser, work="as builds were given it: what they asked for and how long they took is read there")


def show_graph(args: argparse.Namespace) -> int:
    """The edges of a component with their causes, or the figures of the whole graph."""
    project, graph = _read(args)
    if args.name:
        project.component(args.name)
    if args.output == "dot":
        from boatyard.report.graph_dot import to_dot

        print(to_dot(graph, args.name))
    elif args.output == "json":
        names = [args.name] if args.name else list(graph.edges)
        records = {name: component_record(graph, name) for name in names}
        if args.name:
            records[args.name]["neededBy"] = _causes_by_name(graph.dependants(args.name))
        print(to_json(records))
    elif args.name:
        _show_component(graph, args.name)
    else:
        print(render_pairs(_figures(graph)))
    return 0


def show_cycles(args: argparse.Namespace) -> int:
    """One line for each cycle, the largest first."""
    from boatyard.graph.cycle import MAX_LOOKED_AT, cycles, feedback_edges, shortest_cycle

    _, graph = _read(args)
    needs = graph.needs
    cut = feedback_edges(needs)
    found = []
    for members in cycles(needs):
        # Of several members the way to oneself, which compilers have, tells least.
        alone = len(members) == 1
        inside = {
            node: [need for need in needs[node] if need in members and (need != node or alone)] for node in members
        }
        ways = (shortest_cycle(inside, node) for node in members[:MAX_LOOKED_AT])
        found.append((members, min(ways, key=len), [edge for edge in cut if edge.node in inside]))
    rows = [(str(len(members)), " → ".join(way), str(len(edges)), _some(members)) for members, way, edges in found]
    data = [
        {
            "members": members,
            "shortest": way,
            "cut": [
                {
                    "node": edge.node,
                    "need": edge.need,
                    "requirements": [cause.requirement.text for cause in graph.edges[edge.node][edge.need]],
                }
                for edge in edges
            ],
        }
        for members, way, edges in found
    ]
    if found or args.output != "table":
        show(args.output, CYCLE_COLUMNS, rows, data)
    else:
        print("no cycles")
    return 0


def show_order(args: argparse.Namespace) -> int:
    """One line for each build in the order of its start, by the times of earlier builds; without any, in steps."""
    from boatyard.flow.graph import known_seconds, order_of_builds, plan_builds
    from boatyard.graph.local import worker_count
    from boatyard.graph.plan import PlanKind
    from boatyard.graph.simulate import simulate

    workers = worker_count() if args.workers is None else args.workers
    if workers < 1:
        raise ConfigError("--workers needs a number from 1", hint="leave it out for one for each processor")
    project, graph = _read(args)
    plan = plan_builds(project, graph, PlanKind(args.plan))
    needs = order_of_builds(graph, plan)
    seconds = {
        node: time for node, time in known_seconds(workspace_of(project, args.work), plan).items() if node in needs
    }
    schedule = simulate(needs, seconds, workers)
    told = _clock if seconds else _step
    seeded = plan.from_seed()
    rows = [
        (
            told(run.start_s),
            str(run.worker + 1),
            run.node,
            _some(needs[run.node]),
            _some(seeded.get(run.node, ())),
        )
        for run in schedule.runs
    ]
    data = _order_record(plan, needs, schedule, "seconds" if seconds else "steps") if args.output == "json" else {}
    show(args.output, ORDER_COLUMNS, rows, data)
    if not is_quiet(args):
        print(_summary(plan, schedule, seconds, len(graph.once)), file=sys.stderr)
    return 0


def _summary(plan: Plan, schedule: Schedule, seconds: Mapping[str, float], repackaged: int) -> str:
    """What a build would take, in a few lines."""

    def length(value: float) -> str:
        return _clock(value) if seconds else f"{value:.0f} steps"

    count, chain = len(schedule.runs), length(schedule.path_s)
    took = length(schedule.makespan_s)
    lines = [f"{count} builds by {schedule.workers} workers take {took}, the longest chain alone {chain}"]
    unknown = len(schedule.runs) - len(seconds)
    lines += [f"{unknown} of their times are guessed"] if seconds and unknown else []
    lines += [f"{len(plan.cut)} needs are met by the seed"] if plan.cut else []
    lines += [f"{repackaged} components are repackaged before"] if repackaged else []
    return "; ".join(lines)


def _step(start: float) -> str:
    return str(int(start) + 1)


def _clock(seconds: float) -> str:
    """Hours, minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def show_affected(args: argparse.Namespace) -> int:
    """One line for each component that is built with what changes, directly or not; the nearest first."""
    from boatyard.config.select import Selection, select
    from boatyard.graph.affected import affected

    project, graph = _read(args)
    changed = [component.name for component in select(project, Selection(names=tuple(args.names)))]
    found = affected(graph.needs, changed)
    reached = [(name, hops) for name, hops in found.distance.items() if hops == 1 or not args.direct]
    rows = [(name, str(hops), found.through[name]) for name, hops in reached]
    data = {
        "changed": found.changed,
        "affected": [{"component": name, "distance": hops, "through": found.through[name]} for name, hops in reached],
    }
    if rows or args.output != "table":
        show(args.output, AFFECTED_COLUMNS, rows, data)
    else:
        print(f"nothing is built with {_some(changed)}")
    return 0


def component_record(graph: BuildGraph, name: str) -> dict[str, object]:
    """A component of the graph as data."""
    record: dict[str, object] = {
        "unresolved": [
            _told_record({"requirement": one.text, "from": str(one.origin)}, one)
            for one in graph.unresolved.get(name, ())
        ],
        "repackaged": name in graph.once,
        "dynamic": name in graph.dynamic,
        "unread": graph.unread.get(name, ""),
    }
    return {"needs": _causes_by_name(graph.edges[name])} | {key: value for key, value in record.items() if value}


def _causes_by_name(edges: Mapping[str, tuple[Cause, ...]]) -> dict[str, list[dict[str, object]]]:
    return {name: [_cause_record(cause) for cause in causes] for name, causes in edges.items()}


def _cause_record(cause: Cause) -> dict[str, object]:
    return _told_record(
        {
            "requirement": cause.requirement.text,
            "capability": cause.capability,
            "from": str(cause.requirement.origin),
            "provider": str(cause.known),
        },
        cause.requirement,
    )


def _told_record(record: dict[str, object], requirement: Requirement) -> dict[str, object]:
    return record if requirement.certain else {**record, "uncertain": True}


def _order_record(plan: Plan, needs: Mapping[str, tuple[str, ...]], schedule: Schedule, unit: str) -> dict[str, object]:
    from boatyard.graph.plan import component_of, is_first_stage

    return {
        "plan": str(plan.kind),
        "workers": schedule.workers,
        "unit": unit,
        "makespan": round(schedule.makespan_s, 3),
        "longestChain": round(schedule.path_s, 3),
        "bound": round(schedule.bound_s, 3),
        "builds": [
            {
                "node": run.node,
                "component": component_of(run.node),
                "start": round(run.start_s, 3),
                "end": round(run.end_s, 3),
                "worker": run.worker + 1,
            }
            | ({"firstStage": True} if is_first_stage(run.node) else {})
            | ({"after": needs[run.node]} if needs[run.node] else {})
            for run in schedule.runs
        ],
        "cut": [{"node": cut.node, "need": cut.need, "reason": cut.reason} for cut in plan.cut],
    }


def _read(args: argparse.Namespace) -> tuple[Project, BuildGraph]:
    """The project and its graph; what the graph lacks is said on stderr."""
    from boatyard.flow.graph import known_requirements, read_graph

    project = chosen_project(args)
    known = known_requirements(workspace_of(project, args.work), project, args.arch)
    graph = read_graph(project, arch=args.arch, locks=locks_of(project), known=known)
    if graph.unread and not is_quiet(args):
        name, reason = next(iter(graph.unread.items()))
        others = f" (and {len(graph.unread) - 1} more)" if len(graph.unread) > 1 else ""
        print(f"note: what {name}{others} needs is not known: {reason}", file=sys.stderr)
    return project, graph


def _show_component(graph: BuildGraph, name: str) -> None:
    rows = [row for need, causes in graph.edges[name].items() for row in _cause_rows("needs", need, causes)]
    rows += [
        ("needs", "?", one.text, _told(one.origin, one.certain), "nobody known")
        for one in graph.unresolved.get(name, ())
    ]
    rows += [row for node, causes in graph.dependants(name).items() for row in _cause_rows("needed by", node, causes)]
    if rows:
        show("table", COLUMNS, rows, [])
    else:
        print(f"no edge from or to {name} is known")
    if name in graph.unread:
        print(f"what it needs is not known: {graph.unread[name]}")
    if name in graph.once:
        print(f"{name} is repackaged, not built")
    if name in graph.dynamic:
        print("its build finds more requirements (%generate_buildrequires)")


def _cause_rows(edge: str, component: str, causes: Iterable[Cause]) -> list[tuple[str, ...]]:
    return [
        (
            edge,
            component,
            cause.requirement.text,
            _told(cause.requirement.origin, cause.requirement.certain),
            cause.known,
        )
        for cause in causes
    ]


def _told(origin: str, certain: bool) -> str:
    return origin if certain else f"{origin}, perhaps"


def _figures(graph: BuildGraph) -> dict[str, str]:
    from collections import Counter

    from boatyard.graph.cycle import cycles

    needed = Counter(need for needs in graph.edges.values() for need in needs)
    sizes = [len(members) for members in cycles(graph.needs)]
    lost = Counter(one.text for requirements in graph.unresolved.values() for one in requirements)
    return {
        "components": str(len(graph.edges)),
        "repackaged": str(len(graph.once)),
        "edges": str(graph.edge_count),
        "most needed": _some(f"{name} {count}" for name, count in needed.most_common(SHOWN)),
        "cycles": f"{len(sizes)}, of {_some(map(str, sizes))} components" if sizes else "none",
        "builds that find more": str(len(graph.dynamic)),
        "not read": str(len(graph.unread)),
        "provided by nobody known": "\n".join(f"{text} ({count})" for text, count in lost.most_common()) or "nothing",
    }


def _some(names: Iterable[str]) -> str:
    """The first few of many names."""
    listed = list(names)
    rest = f" … {len(listed) - SHOWN} more" if len(listed) > SHOWN else ""
    return ", ".join(listed[:SHOWN]) + rest
