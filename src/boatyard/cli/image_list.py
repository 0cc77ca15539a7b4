"""`boatyard image list`: the images of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.cli.choice import add_project, chosen_project
from boatyard.cli.table import add_format, show
from boatyard.config.dump import to_json_data
from boatyard.config.select import match_names

if TYPE_CHECKING:
    import argparse

    from boatyard.config.model.image import Image

COLUMNS = ("name", "type", "made from", "capabilities", "tests", "description")


def add_list(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verb to the noun `image`."""
    parser = verbs.add_parser("list", help="images and what they are made from")
    add_project(parser)
    parser.add_argument("names", nargs="*", metavar="NAME", help="images by name or glob")
    add_format(parser)
    parser.set_defaults(run=list_images)


def list_images(args: argparse.Namespace) -> int:
    """One line for each image; all of them when none is named."""
    project = chosen_project(args)
    chosen: dict[str, Image] = {}
    for pattern in args.names or ["*"]:
        found = match_names(pattern, project.images)
        chosen.update({name: project.image(name) for name in found or [pattern] if found or pattern != "*"})
    rows = [_row(name, image) for name, image in chosen.items()]
    show(args.output, COLUMNS, rows, [image_json(name, image) for name, image in chosen.items()])
    return 0


def image_json(name: str, image: Image) -> dict[str, object]:
    """An image in azldev's JSON; `native` is added."""
    table: dict[str, object] = to_json_data(image)
    return {"name": name} | table


def _row(name: str, image: Image) -> tuple[str, ...]:
    definition = image.definition
    made_from = definition.path.name if definition.path else ""
    if definition.profile:
        made_from += f" ({definition.profile})"
    if image.native is not None:
        made_from = ", ".join(image.native.formats) or f"extends {image.native.extends}"
    suites = " ".join(suite.name for suite in image.tests.test_suites)
    return name, definition.type, made_from, " ".join(image.capabilities.names()), suites, image.description
