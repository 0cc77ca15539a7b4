"""`boatyard overlay`: the small changes to upstream sources, and what is wrong with them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.base.error import CheckError, ConfigError
from boatyard.cli.choice import add_project, add_selection, chosen_project, selection_of
from boatyard.cli.table import add_format, show
from boatyard.config.model.component import LocalSpec
from boatyard.config.model.overlay import Overlay, PatchAdd, type_of
from boatyard.config.select import Selection, select

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from boatyard.config.model.component import Component
    from boatyard.overlay.check import Finding

LISTED = ("component", "number", "type", "target", "description")
CHECKED = ("component", "number", "type", "finding", "what", "hint")
TARGET_KEYS = ("archive", "file", "section", "package", "tag", "macro", "value", "regex")
LONGEST_TARGET = 60


def register(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the noun with its verbs."""
    verbs = nouns.add_parser("overlay", help="small changes to upstream sources", description=__doc__).add_subparsers(
        metavar="VERB", required=True
    )
    listing = verbs.add_parser("list", help="every overlay, with what it is about")
    add_project(listing)
    add_selection(listing)
    add_format(listing)
    listing.set_defaults(run=list_overlays)
    check = verbs.add_parser("check", help="overlays that are broken, redundant, brittle, misplaced or wide")
    add_project(check)
    add_selection(check)
    check.add_argument(
        "--sources-dir",
        "--sources",
        dest="sources",
        type=Path,
        metavar="DIR",
        help="unchanged source trees of the components, DIR/NAME/NAME.spec (default: local specs only)",
    )
    add_format(check)
    check.set_defaults(run=check_overlays)


def list_overlays(args: argparse.Namespace) -> int:
    """One line for each overlay of the components chosen, of all components when none is."""
    rows = [
        (component.name, str(number), type_of(overlay), target_of(overlay), overlay.description)
        for component in _chosen(args)
        for number, overlay in enumerate(component.overlays, start=1)
    ]
    show(args.output, LISTED, rows, _records(LISTED, rows))
    return 0


def check_overlays(args: argparse.Namespace) -> int:
    """Tries overlays on source trees; CheckError when one does not apply, the rest is advice."""
    from boatyard.overlay.check import check_overlays as find

    found: list[Finding] = []
    untried = 0
    for component, spec in _with_specs(args):
        if spec is None:
            untried += 1
        else:
            found += find(component.name, component.overlays, spec.parent, spec)
    rows = [_row(finding) for finding in found]
    show(args.output, CHECKED, rows, _records(CHECKED, rows))
    if untried:
        print(f"{untried} components were not tried: their sources are not here; see --sources-dir", file=sys.stderr)
    broken = sum(finding.kind == "broken" for finding in found)
    if broken:
        raise CheckError(f"{broken} overlays do not apply", hint="correct or remove them; each is shown above")
    return 0


def target_of(overlay: Overlay) -> str:
    """What an overlay is about, in a few words: `%files devel`, `Version 2`, `**/*.conf contoso`."""
    words = [str(getattr(overlay, key, "")) for key in TARGET_KEYS]
    if isinstance(overlay, PatchAdd) and not overlay.file:
        words.append(overlay.source.name)
    return " ".join(word for word in words if word).split("\n", 1)[0][:LONGEST_TARGET]


def _records(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[dict[str, object]]:
    """The rows as JSON, the number of an overlay as a number."""
    return [dict(zip(columns, row, strict=True)) | {"number": int(row[1])} for row in rows]


def _row(finding: Finding) -> tuple[str, ...]:
    of = finding.of
    return (of.component, str(of.number), type_of(of.overlay), finding.kind, finding.what, finding.hint)


def _chosen(args: argparse.Namespace) -> list[Component]:
    selection = selection_of(args)
    return select(chosen_project(args), Selection(everything=True) if selection.empty else selection)


def _with_specs(args: argparse.Namespace) -> Iterator[tuple[Component, Path | None]]:
    """The chosen components that have overlays, each with the spec in its unchanged source tree, if there is one."""
    for component in _chosen(args):
        if not component.overlays:
            continue
        spec = None
        if args.sources is not None:
            spec = _spec_in(args.sources, component)
        elif isinstance(component.spec, LocalSpec):
            spec = component.spec.path
        if spec is not None and spec.is_file():
            yield component, spec
        elif spec is not None or args.names or args.pattern:
            raise ConfigError(
                f"{component.name}: no unchanged source tree to try overlays on",
                hint="give a folder of source trees with --sources-dir; it must hold NAME/NAME.spec",
            )
        else:
            yield component, None


def _spec_in(trees: Path, component: Component) -> Path:
    """Where the spec of a component lies in a folder of source trees; both may have the name it has upstream."""
    upstream = getattr(component.spec, "upstream_name", "") or component.name
    places = [
        trees / folder / f"{name}.spec" for folder in (component.name, upstream) for name in (component.name, upstream)
    ]
    return next((place for place in places if place.is_file()), places[0])
