"""`boatyard component update`: locks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.base.error import CheckError, ConfigError
from boatyard.cli.choice import add_selection, chosen_components, chosen_project
from boatyard.cli.option import add_build_options, opened_session, opened_yard
from boatyard.cli.table import to_json
from boatyard.cli.upstream import add_upstream_options, upstream_of
from boatyard.config.model.seed import DebSpec

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from boatyard.flow.upstream_lock import Locked


ORPHAN = "the project has no such component: its lock is removed"


def add_update(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verb `update`."""
    parser = verbs.add_parser("update", help="lock components to what their upstream or mirror has now")
    add_build_options(parser)
    add_selection(parser)
    add_upstream_options(parser)
    parser.add_argument("--bump", action="store_true", help="have upstream and local components released once more")
    parser.add_argument(
        "--force-recalculate", action="store_true", help="look up every commit, and write every fingerprint, anew"
    )
    parser.add_argument("--check-only", action="store_true", help="write nothing; exit 8 when a lock would change")
    parser.add_argument("-o", "-O", "--output", choices=("text", "json"), default="text")
    parser.set_defaults(run=update)


def update(args: argparse.Namespace) -> int:
    """Prints what changes, a line for each package; locks that do not change are left alone."""
    from boatyard.flow.lock import is_seeded, update_locks
    from boatyard.flow.orphan import orphan_locks, remove_locks
    from boatyard.flow.upstream_lock import LockRules, update_upstream_locks

    rules = LockRules(bump=args.bump, recalculate=args.force_recalculate, write=not args.check_only)
    project = chosen_project(args)
    components = chosen_components(project, args)
    seeds = [component for component in components if is_seeded(component)]
    if args.bump and (unbumped := [one.name for one in seeds if isinstance(one.spec, DebSpec)]):
        raise ConfigError(f"{unbumped[0]} is a seed component, whose release is that of its packages")
    with opened_session(project, args) as (ports, workspace):
        upstream = upstream_of(project, workspace, ports, args)
        locked = update_upstream_locks(upstream, components, rules, ports.reporter)
        if unknown := sum(one.unknown for one in locked):
            ports.reporter.warn(
                f"{unknown} fingerprints were written by azldev and cannot be compared here: whether overlays or"
                " settings changed is not known (--force-recalculate writes Boatyard's own)"
            )
    if args.bump and not locked:
        raise ConfigError("none of the components has a release to bump", hint="upstream components have")
    changed = {one.component: one.changes() for one in locked if one.changed}
    if seeds and not args.bump:
        with opened_yard(args) as yard:
            changed |= update_locks(yard, seeds, write=rules.write)
    orphans = orphan_locks(workspace.locks, project.components) if args.all and not args.bump else []
    if rules.write:
        remove_locks(workspace.locks, orphans)
    changed |= dict.fromkeys(orphans, (ORPHAN,))
    if args.output == "json":
        print(to_json([_record(name, changes, locked) for name, changes in changed.items()]))
    else:
        print("".join(f"{name}: {change}\n" for name, changes in changed.items() for change in changes), end="")
    if changed and args.check_only:
        raise CheckError(
            f"lock files are stale; {len(changed)} component(s) would change: {', '.join(list(changed)[:8])}",
            hint="`boatyard component update` writes them",
        )
    return 0


def _record(name: str, changes: Sequence[str], locked: Sequence[Locked]) -> dict[str, object]:
    """What changed about a component; with the commits, in azldev's keys, when it has some."""
    record: dict[str, object] = {"component": name, "changed": True, "changes": list(changes)}
    one = next((one for one in locked if one.component == name), None)
    if one is not None and one.new.upstream_commit:
        record["upstreamCommit"] = one.new.upstream_commit
    if one is not None and one.old is not None and one.old.upstream_commit:
        record["previousCommit"] = one.old.upstream_commit
    return record
