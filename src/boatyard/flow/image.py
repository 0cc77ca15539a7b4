"""Images of a project, made from the repositories just published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from boatyard.base.error import NotFoundError, did_you_mean
from boatyard.config.model.native_image import Budget, resolve
from boatyard.image.build import ImageFolders, build_image

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boatyard.artifact.image import Image
    from boatyard.artifact.repo_snapshot import Compose
    from boatyard.flow.yard import Yard


def make_images(yard: Yard, compose: Compose, names: Sequence[str], *, within_budget: bool = True) -> tuple[Image, ...]:
    """All formats of native images, in the order of the names; CheckError when one is over its budget.

    `within_budget` false leaves budgets to the caller.
    """
    snapshots = {snapshot.channel: snapshot for snapshot in compose.channels}
    folders = ImageFolders(work=yard.workspace.work, out=yard.workspace.images)
    images: list[Image] = []
    for name in names:
        image = yard.project.image(name)
        if image.native is None:
            raise NotFoundError(
                f"image {name} is not native: it is of type {image.definition.type or 'none'}",
                hint=did_you_mean("", yard.project.native_images) or 'give it `definition = { type = "native" }`',
            )
        native = resolve(name, yard.project.native_images)
        if not within_budget:
            native = structs.replace(native, budget=Budget())
        images += build_image(
            name, native, yard.arch, snapshots, folders=folders, run=yard.ports.run, reporter=yard.ports.reporter
        )
    return tuple(images)
