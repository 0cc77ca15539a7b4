"""The disk of a trial: an image of the project, or a file in any format that QEMU reads, told by its content."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.artifact.codec import Artifact, find_sealed, load, save_sealed
from boatyard.artifact.image import Manifest
from boatyard.artifact.trial_report import TrialImage
from boatyard.base.digest import fingerprint, sha256_file
from boatyard.base.error import ImageError, NotFoundError
from boatyard.flow.trial_check import published_repositories
from boatyard.vm.media import detect, drive

if TYPE_CHECKING:
    from boatyard.artifact.machine import Drive
    from boatyard.ports.run import Runner
    from boatyard_boot.arch import Arch

RECIPE = 1
BOOTED_FIRST = ("qcow2", "raw")  # of the files of one image of a project
UNKNOWN_CONTENT = "What the image holds is not known: it has no manifest, so scripts are not checked against it."
CHANGED = "The image is not the file that its manifest describes, so its manifest is not used."


@dataclass(frozen=True, slots=True)
class TrialDisk:
    """What the machine boots. `repositories`: folders that the image was made from; `notes`: its limits, in sentences.

    `manifest` is None for an image that was not built here.
    """

    drive: Drive
    image: TrialImage
    manifest: Path | None = None
    repositories: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()


class _Digest(Artifact, frozen=True):
    """What a file was when its digest was taken."""

    path: str
    inode: int
    size: int
    changed_ns: int
    sha256: str


def find_image(
    text: str,
    *,
    beside: Path,
    images: Path | None,
    published: Path | None,
    arch: Arch,
    run: Runner,  # noqa: ARG001
    cache: Path,
) -> TrialDisk:
    """The disk that `text` names: an image built below `images`, or a file, relative to `beside`.

    `published`: where the repositories of built images are; for a file it is `../repo` unless given. `cache` keeps
    digests. NotFoundError when there is none; ImageError when QEMU must not open it, or it is no disk.
    """
    path = beside / text
    named = len(Path(text).parts) == 1 and not Path(text).suffix
    if named and not path.is_file():
        path = _built(images, text, arch)
    else:
        published = published or path.absolute().parent.parent / "repo"
    media = detect(path)
    if media.kind == "cdrom":
        raise ImageError(f"{path} is an ISO", hint="a cloud's machine boots from a disk: give a disk image")
    digest = _digest(path, cache)
    manifest, notes = _manifest(path, digest)
    name = load(Manifest, manifest).image if manifest is not None else ""
    image = TrialImage(path=str(path), format=media.format, sha256=digest, name=name, built_here=manifest is not None)
    repositories = published_repositories(manifest, published) if manifest is not None else []
    return TrialDisk(drive(path.absolute(), media=media), image, manifest, tuple(repositories), notes)


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
        return None, (UNKNOWN_CONTENT,)
    return (manifest, ()) if load(Manifest, manifest).sha256 == digest else (None, (CHANGED, UNKNOWN_CONTENT))


def _digest(path: Path, cache: Path) -> str:
    """The file's digest, kept as long as the file looks the same."""
    found = path.absolute().stat()
    seen = (str(path.absolute()), found.st_ino, found.st_size, found.st_mtime_ns)
    record = cache / f"{fingerprint([RECIPE, *seen])[:32]}.json"
    kept = find_sealed(_Digest, record)
    if kept is not None and (kept.path, kept.inode, kept.size, kept.changed_ns) == seen:
        return kept.sha256
    name, inode, size, changed = seen
    made = _Digest(path=name, inode=inode, size=size, changed_ns=changed, sha256=sha256_file(path))
    save_sealed(made, record)
    return made.sha256
