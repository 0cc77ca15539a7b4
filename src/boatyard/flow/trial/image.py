"""The disk of a trial: an image of the project, or a file in any format that QEMU reads, told by its content."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from boatyard.artifact.codec import Artifact, find_sealed, load, save_sealed
from boatyard.artifact.image import Manifest
from boatyard.artifact.trial_report import TrialImage
from boatyard.base.digest import fingerprint, sha256_file
from boatyard.base.error import ImageError, NotFoundError
from boatyard.flow.trial.check import published_repositories
from boatyard.ports.run import find_program
from boatyard.vm.inspection import Inspection, inspect
from boatyard.vm.media import detect, drive, read_vhd
from boatyard_boot.size import GIB, MIB

if TYPE_CHECKING:
    from boatyard.artifact.machine import Drive
    from boatyard.ports.run import Runner
    from boatyard_boot.arch import Arch

RECIPE = 2
BOOTED_FIRST = ("qcow2", "raw")  # of the files of one image of a project
Generation = Literal["gen1", "gen2"]

CHANGED = "The image is not the file that its manifest describes, so the manifest is not used."
FOREIGN = (
    "What the image holds is not known, so scripts are not checked against it unless facts are given.",
    "Whether its initrd has the virtio drivers that it needs here is not known; with Hyper-V's alone it finds no disk.",
    "The links below /dev/disk/azure need systemd 256 or later in it.",
)
NO_UEFI = "The image has no EFI system partition, so generation 2 will not boot it."
NO_BIOS = "The image has no boot code for a BIOS, so generation 1 will not boot it."
DYNAMIC = "The image is a dynamic VHD; Azure takes fixed ones alone."
ODD = "The disk has {size:,} bytes; Azure takes VHDs of whole MiB alone."
GEOMETRY = "QEMU takes the size of this VHD from its geometry: {seen:,} bytes, where its footer says {told:,}."
VHDX = "The image is a VHDX; Azure takes fixed VHDs alone."


@dataclass(frozen=True, slots=True)
class TrialDisk:
    """What the machine boots. `repositories`: folders that the image was made from; `notes`: its limits, in sentences.

    `manifest` is None for an image that was not built here. `size_gib`: of the disk, rounded up.
    """

    drive: Drive
    image: TrialImage
    manifest: Path | None = None
    repositories: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()
    size_gib: int = 1


class _Seen(Artifact, frozen=True):
    """What a file was like when it was read, and what was found."""

    path: str
    inode: int
    size: int
    changed_ns: int
    sha256: str
    inside: Inspection


def find_image(
    text: str,
    *,
    beside: Path,
    images: Path | None,
    published: Path | None,
    arch: Arch,
    run: Runner,
    cache: Path,
    generation: Generation = "gen2",
) -> TrialDisk:
    """The disk that `text` names: an image built below `images`, or a file, relative to `beside`.

    `published`: where the repositories of built images are; for a file it is `../repo` when there is one. `cache` keeps
    what was found out. NotFoundError when there is no such image; ImageError when QEMU must not open it, or it cannot
    be a disk that boots.
    """
    path = beside / text
    named = len(Path(text).parts) == 1 and not Path(text).suffix
    if named and not path.is_file():
        path = _built(images, text, arch)
    else:
        near = path.absolute().parent.parent / "repo"
        published = near if near.is_dir() else published
    media = detect(path)
    if media.kind == "cdrom":
        raise ImageError(f"{path} is an ISO", hint="a cloud's machine boots from a disk: give a disk image")
    seen = _look(path, media.format, run, cache)
    manifest, notes = _manifest(path, seen.sha256)
    notes += _limits(path, media.format, seen.inside, generation)
    name = load(Manifest, manifest).image if manifest is not None else ""
    image = TrialImage(
        path=str(path), format=media.format, sha256=seen.sha256, name=name, built_here=manifest is not None
    )
    return TrialDisk(
        drive=drive(path.absolute(), media=media),
        image=image,
        manifest=manifest,
        repositories=tuple(published_repositories(manifest, published)) if manifest is not None else (),
        notes=notes,
        size_gib=-(-seen.inside.size // GIB),
    )


def _built(images: Path | None, name: str, arch: Arch) -> Path:
    for kind in BOOTED_FIRST:
        path = images / f"{name}-{arch}.{kind}" if images is not None else None
        if path is not None and path.is_file():
            return path
    raise NotFoundError(
        f"there is no disk image {name} for {arch}", hint=f"`boatyard image build {name}` builds it; or name a file"
    )


def _manifest(path: Path, digest: str) -> tuple[Path | None, tuple[str, ...]]:
    """The manifest beside the image when it is this image's, and what is to be said about it."""
    manifest = path.with_name(f"{path.name}.manifest.json")
    if not manifest.is_file():
        return None, FOREIGN
    return (manifest, ()) if load(Manifest, manifest).sha256 == digest else (None, (CHANGED, *FOREIGN))


def _limits(path: Path, form: str, inside: Inspection, generation: Generation) -> tuple[str, ...]:
    """What is to be said about the file, whoever made it."""
    notes = [NO_UEFI] if generation == "gen2" and not inside.uefi else []
    notes += [NO_BIOS] if generation == "gen1" and not inside.bios else []
    notes += [VHDX] if form == "vhdx" else []
    if form == "vpc":
        vhd = read_vhd(path)
        notes += [] if vhd.fixed else [DYNAMIC]
        notes += [ODD.format(size=vhd.size)] if vhd.size % MIB else []
        notes += [GEOMETRY.format(seen=inside.size, told=vhd.size)] if vhd.size != inside.size else []
    return tuple(notes)


def _look(path: Path, form: str, run: Runner, cache: Path) -> _Seen:
    """The file's digest and what is in it, kept as long as the file looks the same."""
    found = path.absolute().stat()
    same = (str(path.absolute()), found.st_ino, found.st_size, found.st_mtime_ns)
    record = cache / f"{fingerprint([RECIPE, *same, form])[:32]}.json"
    kept = find_sealed(_Seen, record)
    if kept is not None and (kept.path, kept.inode, kept.size, kept.changed_ns) == same:
        return kept
    find_program("qemu-img")
    inside = inspect(path, form, run, cache / "inspection")
    if not inside.uefi and not inside.bios:
        raise ImageError(
            f"{path} is no disk that boots: it has neither a boot sector nor an EFI system partition",
            hint="give a disk image: raw, qcow2, VHD or VHDX",
        )
    name, inode, size, changed = same
    made = _Seen(path=name, inode=inode, size=size, changed_ns=changed, sha256=sha256_file(path), inside=inside)
    save_sealed(made, record)
    return made
