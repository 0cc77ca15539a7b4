"""The disk of a trial, from files that qemu-img makes: every format, every generation, and what is refused."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from boatyard.artifact.codec import save
from boatyard.artifact.image import Manifest
from boatyard.base.digest import sha256_file
from boatyard.base.error import BoatyardError, ImageError, NotFoundError
from boatyard.flow.trial import image as image_of_trial
from boatyard.flow.trial.image import CHANGED, FOREIGN, TrialDisk, find_image
from boatyard.ports.run import Command
from boatyard.vm.partition import ESP
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.ports.run import HostRunner, Result

pytestmark = pytest.mark.tool

SIZE = 8 << 20
SIGNED = b"\x55\xaa"


def gpt_disk(kind: bytes = ESP) -> bytes:
    """A disk with a protective MBR without boot code, and a GPT of one partition."""
    header = struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, 0, 0, 1, 0, 34, 0, bytes(16), 2, 128, 128, 0)
    return (bytes(510) + SIGNED + header.ljust(512, b"\0") + kind).ljust(SIZE, b"\0")


def bios_disk() -> bytes:
    return (b"\xeb\x63\x90".ljust(510, b"\0") + SIGNED).ljust(SIZE, b"\0")


def made(run: HostRunner, path: Path, content: bytes, *form: str) -> Path:
    """An image of a disk, converted by qemu-img."""
    raw = path.with_suffix(".content")
    raw.write_bytes(content)
    run(Command(argv=("qemu-img", "convert", "-f", "raw", *(form or ("-O", "raw")), str(raw), str(path))))
    return path


def found(run: HostRunner, path: Path, generation: image_of_trial.Generation = "gen2") -> TrialDisk:
    return find_image(
        path.name, beside=path.parent, images=None, published=None, arch=Arch.X86_64, run=run,
        cache=path.parent / "cache", generation=generation,
    )  # fmt: skip


FORMATS = [
    ((), "raw", ()),
    (("-O", "qcow2"), "qcow2", ()),
    (("-O", "qcow2", "-c"), "qcow2", ()),
    (("-O", "vpc", "-o", "subformat=fixed,force_size=on"), "vpc", ()),
    (("-O", "vpc", "-o", "subformat=dynamic,force_size=on"), "vpc", (image_of_trial.DYNAMIC,)),
    (("-O", "vhdx"), "vhdx", (image_of_trial.VHDX,)),
]


@pytest.mark.parametrize(("form", "name", "notes"), FORMATS, ids=lambda value: "-".join(value) if value else "none")
def test_each_format_is_told_by_its_content(
    tmp_path: Path, run: HostRunner, form: tuple[str, ...], name: str, notes: tuple[str, ...]
) -> None:
    disk = found(run, made(run, tmp_path / "odd.name", gpt_disk(), *form))
    assert (disk.drive.format, disk.image.format, disk.image.built_here) == (name, name, False)
    assert disk.image.sha256 == sha256_file(tmp_path / "odd.name")
    assert disk.drive.path == tmp_path / "odd.name"
    assert disk.notes == (*FOREIGN, *notes)
    assert (disk.manifest, disk.repositories, disk.size_gib) == (None, (), 1)


@pytest.mark.parametrize(
    ("content", "generation", "lacks"),
    [(gpt_disk(), "gen2", ""), (gpt_disk(), "gen1", image_of_trial.NO_BIOS), (bios_disk(), "gen1", ""),
     (bios_disk(), "gen2", image_of_trial.NO_UEFI)],
)  # fmt: skip
def test_a_generation_that_will_not_boot_is_told(
    tmp_path: Path, run: HostRunner, content: bytes, generation: image_of_trial.Generation, lacks: str
) -> None:
    notes = found(run, made(run, tmp_path / "a.qcow2", content, "-O", "qcow2"), generation).notes
    assert notes[len(FOREIGN) :] == ((lacks,) if lacks else ())


def test_a_vhd_that_azure_would_refuse_is_told(tmp_path: Path, run: HostRunner) -> None:
    image = made(run, tmp_path / "a.vhd", gpt_disk()[:-512], "-O", "vpc", "-o", "subformat=fixed,force_size=on")
    assert image_of_trial.ODD.format(size=SIZE - 512) in found(run, image).notes


def test_a_vhd_that_qemu_takes_for_smaller_is_told(tmp_path: Path, run: HostRunner) -> None:
    image = made(run, tmp_path / "a.vhd", gpt_disk(), "-O", "vpc", "-o", "subformat=fixed,force_size=on")
    data = bytearray(image.read_bytes())
    footer = data[-512:]
    # Who made it decides whether QEMU takes its size from the cylinders (10 here). Of Virtual PC every QEMU does.
    footer[28:32], footer[56:58], footer[64:68] = b"vpc ", b"\0\x0a", bytes(4)
    footer[64:68] = (~sum(footer) & 0xFFFFFFFF).to_bytes(4, "big")
    data[-512:] = footer
    image.write_bytes(data)
    assert any(note.startswith("QEMU takes the size") and f"{SIZE:,}" in note for note in found(run, image).notes)


@pytest.mark.parametrize("name", ["backed", "encrypted", "empty", "text", "zeros", "cut", "iso", "external", "parent"])
def test_what_qemu_must_not_open_or_cannot_boot_is_refused(tmp_path: Path, run: HostRunner, name: str) -> None:
    path = tmp_path / name
    whole = made(run, tmp_path / "whole.qcow2", gpt_disk(), "-O", "qcow2").read_bytes()
    if name == "backed":
        backing = ("-b", "/etc/passwd", "-F", "raw")
        run(Command(argv=("qemu-img", "create", "-q", "-u", "-f", "qcow2", *backing, str(path), "8M")))
    elif name == "external":
        run(Command(argv=("qemu-img", "create", "-q", "-f", "qcow2", "-o", f"data_file={path}.data", str(path), "8M")))
    elif name == "encrypted":
        path.write_bytes(whole[:32] + (2).to_bytes(4, "big") + whole[36:])
    elif name == "parent":
        path.write_bytes(gpt_disk() + b"conectix".ljust(60, b"\0") + (4).to_bytes(4, "big") + bytes(448))
    elif name == "iso":
        path.write_bytes(bytes(16 * 2048) + b"\x01CD001\x01" + bytes(2048))
    else:
        contents = {"empty": b"", "text": b"hello\n" * 1000, "zeros": bytes(SIZE), "cut": whole[:70_000]}
        path.write_bytes(contents[name])
    with pytest.raises(ImageError) as error:
        found(run, path)
    assert str(path) in str(error.value)


def test_what_is_not_there(tmp_path: Path, run: HostRunner) -> None:
    for name in ("nothing", "nothing.qcow2"):
        with pytest.raises(NotFoundError):
            found(run, tmp_path / name)
    (tmp_path / "folder.raw").mkdir()
    with pytest.raises(BoatyardError):
        found(run, tmp_path / "folder.raw")


def test_what_was_found_is_kept_until_the_file_changes(tmp_path: Path, run: HostRunner) -> None:
    calls: list[Command] = []

    def counting(command: Command) -> Result:
        calls.append(command)
        return run(command)

    path = made(run, tmp_path / "a.qcow2", gpt_disk(), "-O", "qcow2")
    ask = {"beside": tmp_path, "images": None, "published": None, "arch": Arch.X86_64, "cache": tmp_path / "cache"}
    first = find_image(path.name, run=counting, **ask)  # type: ignore[arg-type]
    asked = len(calls)
    assert find_image(path.name, run=counting, **ask) == first  # type: ignore[arg-type]
    assert len(calls) == asked > 0
    with path.open("ab") as stream:
        stream.write(b"more")
    assert find_image(path.name, run=counting, **ask).image.sha256 != first.image.sha256  # type: ignore[arg-type]


def test_an_image_of_the_project_has_its_manifest_as_long_as_it_is_the_same(tmp_path: Path, run: HostRunner) -> None:
    images = tmp_path / "images"
    images.mkdir()
    path = made(run, images / "own-x86_64.qcow2", gpt_disk(), "-O", "qcow2")
    manifest = Manifest(
        image="own", format="qcow2", arch="x86_64", file=path.name, file_size=path.stat().st_size,
        sha256=sha256_file(path), installed_size=1, packages=(), repositories={"base": "0" * 64},
    )  # fmt: skip
    save(manifest, path.with_name(f"{path.name}.manifest.json"))
    (tmp_path / "repo/current/base/repodata").mkdir(parents=True)
    (tmp_path / "repo/current/base/repodata/repomd.xml").write_text("<x/>")

    def ask(text: str, beside: Path, published: Path | None) -> TrialDisk:
        return find_image(
            text, beside=beside, images=images, published=published, arch=Arch.X86_64, run=run, cache=tmp_path / "cache"
        )

    disk = ask("own", tmp_path, tmp_path / "repo")
    assert (disk.image.name, disk.image.built_here, disk.notes) == ("own", True, ())
    assert disk.manifest == path.with_name(f"{path.name}.manifest.json")
    assert disk.repositories == (tmp_path / "repo/current/base",)
    assert ask(path.name, images, None).repositories == disk.repositories
    with path.open("ab") as stream:
        stream.write(b"more")
    changed = ask("own", tmp_path, tmp_path / "repo")
    assert (changed.manifest, changed.image.built_here, changed.notes) == (None, False, (CHANGED, *FOREIGN))
    with pytest.raises(NotFoundError):
        ask("other", tmp_path, None)
