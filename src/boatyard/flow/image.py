"""Images of a project, made from the repositories just published."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec import structs

from boatyard.base.error import NotFoundError, did_you_mean
from boatyard.config.model.native_image import Budget, resolve
from boatyard.image.build import ImageFolders, build_image
from boatyard.image.recipe import Medium
from boatyard.repo.medium import find_additions, write_medium

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from boatyard.artifact.image import Image, Rootfs
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
        used = [snapshots[channel].dir for channel in native.channels if channel in snapshots]
        images += build_image(
            name,
            native,
            yard.arch,
            snapshots,
            folders=folders,
            medium=Medium(yard.key, partial(_stock, yard, used)),
            run=yard.ports.run,
            reporter=yard.ports.reporter,
        )
    return tuple(images)


def _stock(
    yard: Yard, channels: Sequence[Path], rootfs: Rootfs, packages: tuple[str, ...], folder: Path, epoch: int
) -> tuple[str, ...]:
    """Writes an ISO's repository (`image.medium.Stock`)."""
    files = find_additions(channels, yard.arch, rootfs.packages, packages)
    write_medium(folder, files, yard.key, yard.ports.run, epoch=epoch)
    return tuple(file.name for file in files)
