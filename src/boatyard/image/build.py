"""An image from its definition: root file system, initrd, the files of each format, manifests, budgets.

    work/rootfs/<key>/installed/{root,rootfs.json}     shared by all images with the same packages
    work/layer/<key>/made/{layer.squashfs,layer.json}  what an ISO's live system has besides
    work/initrd/<key>.img
    out/<name>-<arch>.<format>                         the image
    out/<name>-<arch>.<format>.manifest.json           what it is made of
    out/<name>-<arch>.<format>.json                    the value `Image`; with the same key the image is kept

What is reproducible: the same channels, definition and versions of the host's tools give the same bytes.
"""

from __future__ import annotations

import errno
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard.artifact.codec import load, save
from boatyard.artifact.image import Image, Manifest
from boatyard.base.digest import fingerprint, sha256_file
from boatyard.base.error import ConfigError, ImageError, ToolError
from boatyard.graph.local import run_all
from boatyard.image.budget import check_budget
from boatyard.image.disk import copy_sparse, make_qcow2, occupied
from boatyard.image.disk_image import assemble_disk, check_layout, disk_firmware
from boatyard.image.initrd import initrd_key, write_initrd
from boatyard.image.layer import run_layer
from boatyard.image.live_image import assemble_iso, live_firmware
from boatyard.image.recipe import Recipe
from boatyard.image.rootfs import plan_rootfs, run_rootfs
from boatyard.image.toolbox import Toolbox
from boatyard.ports.files import locked, replacing, sweep_temporaries, temporary_dir
from boatyard_boot.error import BootError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from boatyard.artifact.repo_snapshot import RepoSnapshot
    from boatyard.config.model.native_image import Format, NativeImage
    from boatyard.image.recipe import Medium
    from boatyard.ports.progress import Reporter
    from boatyard.ports.run import Runner
    from boatyard_boot.arch import Arch

# Raised when the same inputs would give other images.
RECIPE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFolders:
    """`work`: intermediate results, may be removed at any time. `out`: images."""

    work: Path
    out: Path


@contextmanager
def _as_image_error() -> Iterator[None]:
    """What boatyard_boot refuses, as Boatyard tells it."""
    try:
        yield
    except BootError as error:
        raise ImageError(error.what, hint=error.hint) from error


@_as_image_error()
def build_image(
    name: str,
    native: NativeImage,
    arch: Arch,
    snapshots: Mapping[str, RepoSnapshot],
    *,
    folders: ImageFolders,
    medium: Medium,
    run: Runner,
    reporter: Reporter,
) -> tuple[Image, ...]:
    """All formats of an image, in the order of its definition; `native` is resolved, `snapshots` are by channel.

    ConfigError, ImageError, ToolError as the stages raise them; CheckError when an image is over its budget: it is
    there then, and not made again by the next run.
    """
    assert native.layout is not None, "resolved"
    assert native.budget is not None, "resolved"
    if arch not in native.arches:
        raise ConfigError(f"image {name!r} is not made for {arch}", hint=f"it is made for: {', '.join(native.arches)}")
    if {"raw", "qcow2"} & {*native.formats}:
        check_layout(native.layout)
    plan = plan_rootfs(native, arch, snapshots)
    work = folders.work / "image" / f"{name}-{arch}"
    with reporter.step(f"image {name}"), locked(work / "lock"):
        sweep_temporaries(work)
        with reporter.step("root file system"):
            rootfs = run_rootfs(plan, folders.work / "rootfs", run)
        box = Toolbox(run, work / "log", plan.epoch)
        with reporter.step("initrd"):
            named = initrd_key(rootfs.key, native.initrd_modules)
            initrd = folders.work / "initrd" / f"{named[:16]}.img"
            if not initrd.is_file():
                write_initrd(rootfs.dir, rootfs.kernel, initrd, epoch=plan.epoch, modules=native.initrd_modules)
        layer = None
        if "iso" in native.formats and native.live_packages:
            with reporter.step("live packages"):
                layer = run_layer(plan, rootfs, native.live_packages, folders.work / "layer", run)
        inputs = [named, layer.key if layer else "", medium.key.digest]
        recipe = Recipe(
            name=name,
            arch=arch,
            native=native,
            rootfs=rootfs,
            initrd=initrd,
            key=_key(name, native, inputs, arch),
            layer=layer,
            medium=medium,
        )
        made = _make_formats(box, recipe, plan.snapshots, work, folders.out, reporter)
    for image in made:
        check_budget(
            image.path.name,
            native.budget,
            file_size=occupied(image.path),
            installed_size=rootfs.installed_size,
            packages=rootfs.packages,
        )
    return made


def _key(name: str, native: NativeImage, inputs: Sequence[str], arch: Arch) -> str:
    shown = (native.label, native.hostname, native.kernel_arguments, native.boot_timeout_s, native.layout)
    on_iso = native.medium_packages if "iso" in native.formats else ()
    return fingerprint([RECIPE, name, arch, inputs, shown, on_iso])


def _make_formats(
    box: Toolbox, recipe: Recipe, snapshots: Sequence[RepoSnapshot], work: Path, out: Path, reporter: Reporter
) -> tuple[Image, ...]:
    """Makes what is missing. All disk formats come from one raw disk; `work` and the roots are on one file system."""
    names = {kind: out / f"{recipe.name}-{recipe.arch}.{kind}" for kind in recipe.native.formats}
    found = {kind: image for kind, path in names.items() if (image := _finished(path, recipe.key))}
    missing = [kind for kind in names if kind not in found]
    stocked: tuple[str, ...] = ()
    with temporary_dir(work) as temporary:
        made: dict[str, Path] = {}
        if "iso" in missing:
            with reporter.step("iso"):
                made["iso"] = temporary / "image.iso"
                (temporary / "live").mkdir()
                stocked = assemble_iso(box, recipe, temporary / "live", made["iso"])
        if "raw" in missing or "qcow2" in missing:
            with reporter.step("disk"):
                made["raw"] = temporary / "image.raw"
                (temporary / "disk").mkdir()
                assemble_disk(box, recipe, temporary / "disk", made["raw"])

        def digest(kind: Format) -> str:
            # qemu-img reads the raw disk while another thread hashes it.
            if kind == "qcow2":
                make_qcow2(box, made["raw"], made.setdefault(kind, temporary / "image.qcow2"))
            return sha256_file(made[kind])

        with reporter.step("formats and digests"):
            digests = run_all(digest, missing)
        for kind, value in zip(missing, digests, strict=True):
            _publish(made[kind], names[kind])
            found[kind] = _record(recipe, kind, names[kind], value, snapshots, stocked if kind == "iso" else ())
    return tuple(found[kind] for kind in names)


def _finished(path: Path, key: str) -> Image | None:
    """The image of an earlier run, when it was made of the same inputs and is still there."""
    record = path.with_name(f"{path.name}.json")
    if not path.is_file() or not record.is_file():
        return None
    try:
        image = load(Image, record)
    except ToolError:
        return None
    return image if image.key == key and image.path == path and image.size == path.stat().st_size else None


def _publish(source: Path, target: Path) -> None:
    # Without its record an image counts as unfinished, so the old record goes before the new image comes.
    target.with_name(f"{target.name}.json").unlink(missing_ok=True)
    with replacing(target) as temporary:
        try:
            source.replace(temporary)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            size = source.stat().st_size
            with temporary.open("wb") as stream:
                stream.truncate(size)
                copy_sparse(source, stream.fileno(), 0, size)
        temporary.chmod(0o644)


def _record(
    recipe: Recipe,
    kind: Format,
    path: Path,
    digest: str,
    snapshots: Sequence[RepoSnapshot],
    stocked: tuple[str, ...],
) -> Image:
    """Writes the manifest and the record beside an image."""
    size = path.stat().st_size
    manifest = Manifest(
        image=recipe.name,
        format=kind,
        arch=recipe.arch,
        file=path.name,
        file_size=size,
        sha256=digest,
        installed_size=recipe.rootfs.installed_size,
        packages=recipe.rootfs.packages,
        repositories={snapshot.channel: snapshot.revision for snapshot in snapshots},
        live_packages=recipe.layer.packages if recipe.layer and kind == "iso" else (),
        medium_packages=stocked,
    )
    beside = path.with_name(f"{path.name}.manifest.json")
    save(manifest, beside)
    image = Image(
        name=recipe.name,
        key=recipe.key,
        path=path,
        format=kind,
        size=size,
        sha256=digest,
        manifest=beside,
        firmware=live_firmware(recipe) if kind == "iso" else disk_firmware(recipe.layout),
    )
    save(image, path.with_name(f"{path.name}.json"))
    return image
