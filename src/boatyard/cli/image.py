"""`boatyard image`: list, build and boot images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.cli.image_boot import add_boot
from boatyard.cli.image_list import add_list
from boatyard.cli.option import add_build_options, opened_yard
from boatyard_boot.size import format_size

if TYPE_CHECKING:
    import argparse


def register(nouns: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the noun with its verbs."""
    parser = nouns.add_parser("image", help="images: list, build, boot", description=__doc__)
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    add_list(verbs)
    add_build(verbs)
    add_boot(verbs)


def add_build(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the verb `build`."""
    parser = verbs.add_parser("build", help="build components, repositories and native images")
    add_build_options(parser)
    parser.add_argument("names", nargs="*", metavar="NAME", help="images by name; without, every native image")
    parser.set_defaults(run=build_images)


def build_images(args: argparse.Namespace) -> int:
    """Builds what has changed since the last time; exit code 8 when an image is over its budget."""
    from boatyard.flow.distribution import make_repositories
    from boatyard.flow.image import make_images

    with opened_yard(args) as yard:
        names = args.names or list(yard.project.native_images)
        for name in names:
            yard.project.image(name)
        made = make_repositories(yard, list(yard.project.components.values()))
        images = make_images(yard, made.compose, names)
    for image in images:
        print(f"{image.name} {image.format}: {format_size(image.size)}  {image.path}")
    return 0
