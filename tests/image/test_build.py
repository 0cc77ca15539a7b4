"""Whole images from the tiny channel: everything but a boot."""

from __future__ import annotations

import msgspec
import pytest

from boatyard.artifact.codec import load
from boatyard.artifact.image import Image, Manifest
from boatyard.base.digest import sha256_file
from boatyard.base.error import CheckError, ConfigError
from boatyard.config.model.native_image import Budget, NativeImage, resolve
from boatyard.image.build import ImageFolders, build_image
from boatyard.ports.progress import silent
from boatyard.ports.run import Command
from boatyard_boot.arch import Arch
from boatyard_boot.layout import Filesystem, Layout, Partition, Role
from boatyard_boot.size import MIB

pytestmark = pytest.mark.tool

LAYOUT = Layout(
    size="64 MiB",
    partitions=(
        Partition(name="bios", role=Role.BIOS_BOOT, size="1 MiB"),
        Partition(name="esp", role=Role.ESP, size="4 MiB"),
        Partition(name="boot", role=Role.BOOT, size="16 MiB"),
        Partition(name="swap", role=Role.SWAP, size="4 MiB"),
        Partition(name="root", role=Role.ROOT),
    ),
    filesystems=(
        Filesystem(on="root", type="ext4", mount="/"),
        Filesystem(on="boot", type="ext4", mount="/boot"),
        Filesystem(on="esp", type="vfat", mount="/boot/efi", label="ESP"),
        Filesystem(on="swap", type="swap"),
    ),
)
TINY = NativeImage(
    formats=("iso", "raw", "qcow2"),
    channels=("tiny",),
    packages=("tiny-filesystem", "tiny-boot"),
    label="TINY-1",
    hostname="tiny",
    kernel_arguments=("quiet",),
    layout=LAYOUT,
)


@pytest.fixture
def build(channel, medium, tmp_path, run, as_root):
    """Builds an image in the test's folder."""
    folders = ImageFolders(work=tmp_path / "work", out=tmp_path / "out")

    def build(native=TINY, folders=folders):
        image = resolve("tiny", {"tiny": native})
        snapshots = {"tiny": channel}
        ports = {"medium": medium, "run": run, "reporter": silent()}
        return build_image("tiny", image, Arch.X86_64, snapshots, folders=folders, **ports)

    return build


def test_all_formats(build, tmp_path, run, channel):
    iso, raw, qcow2 = build()
    assert [image.path.name for image in (iso, raw, qcow2)] == [f"tiny-x86_64.{kind}" for kind in TINY.formats]
    assert {image.firmware for image in (iso, raw, qcow2)} == {("uefi", "bios")}
    for image in (iso, raw, qcow2):
        assert (image.size, image.sha256) == (image.path.stat().st_size, sha256_file(image.path))
        manifest = load(Manifest, image.manifest)
        assert [row.name for row in manifest.packages] == ["tiny-boot", "tiny-filesystem", "tiny-kernel"]
        assert (manifest.sha256, manifest.repositories) == (image.sha256, {"tiny": channel.revision})
        assert load(Image, image.path.with_name(f"{image.path.name}.json")) == image

    listed = run(Command(argv=("xorriso", "-indev", str(iso.path), "-find", "/", "-type", "f"))).text
    for name in ("boot/vmlinuz", "boot/initrd.img", "boot/grub/grub.cfg", "live/root.squashfs"):
        assert f"'/{name}'" in listed
    assert "Volume id    : 'TINY-1'" in run(Command(argv=("xorriso", "-indev", str(iso.path)), log=tmp_path / "l")).text
    run(Command(argv=("sfdisk", "--verify", str(raw.path))))
    run(Command(argv=("qemu-img", "compare", "-f", "raw", "-F", "qcow2", str(raw.path), str(qcow2.path))))


def test_disk_content(build, tmp_path, run):
    raw = build(msgspec.structs.replace(TINY, formats=("raw",)))[0].path

    def show(start_mib, size_mib, request):
        part = tmp_path / "part"
        with raw.open("rb") as disk:
            disk.seek(start_mib * MIB)
            part.write_bytes(disk.read(size_mib * MIB))
        run(Command(argv=("e2fsck", "-f", "-n", str(part))))
        return run(Command(argv=("debugfs", "-R", request, str(part)))).text

    # Kernel and menu are on /boot's own file system, so their paths start there.
    entry = show(6, 16, "cat /grub/entries.cfg")
    assert "linux /vmlinuz-6.1.10 root=UUID=" in entry
    assert "ro console=tty0 console=ttyS0,115200 quiet" in entry
    assert show(6, 16, "cat /vmlinuz-6.1.10") == "kernel\n"
    listed = show(6, 16, "cat /loader/entries/linux-6.1.10.conf")
    assert "linux      /vmlinuz-6.1.10\ninitrd     /initrd-6.1.10.img\n" in listed
    assert show(26, 37, "cat /etc/hostname") == "tiny\n"
    assert f"linux /vmlinuz-6.1.10 {show(26, 37, 'cat /etc/kernel/cmdline')}" in entry
    fstab = show(26, 37, "cat /etc/fstab")
    assert [line.split()[1:3] for line in fstab.splitlines()] == [
        ["/", "ext4"], ["/boot", "ext4"], ["/boot/efi", "vfat"], ["none", "swap"],
    ]  # fmt: skip
    assert entry.split("root=")[1].split()[0] == fstab.split()[0]
    with raw.open("rb") as disk:
        assert disk.read(0x64)[0x5C:] == (2048).to_bytes(8, "little")
        disk.seek(MIB)
        assert disk.read(512)[0x1F4:0x1FC] == (2049).to_bytes(8, "little")


def test_same_inputs_give_the_same_bytes_and_no_work(build, tmp_path):
    first = build()
    times = [image.path.stat().st_ctime_ns for image in first]
    assert build() == first
    assert [image.path.stat().st_ctime_ns for image in first] == times
    again = build(folders=ImageFolders(work=tmp_path / "other", out=tmp_path / "elsewhere"))
    assert [image.sha256 for image in again] == [image.sha256 for image in first]


def test_only_what_is_missing_is_made_again(build):
    _, raw, qcow2 = build()
    before = raw.path.stat().st_ctime_ns
    qcow2.path.unlink()
    assert build()[2].sha256 == qcow2.sha256
    assert raw.path.stat().st_ctime_ns == before


def test_other_settings_give_another_image_from_the_same_root(build, tmp_path):
    one = build(msgspec.structs.replace(TINY, formats=("iso",)))[0]
    two = build(msgspec.structs.replace(TINY, formats=("iso",), hostname="other"))[0]
    assert one.sha256 != two.sha256
    assert len(list((tmp_path / "work/rootfs").iterdir())) == 1


def test_over_budget_tells_and_keeps_the_image(build, tmp_path):
    with pytest.raises(CheckError, match=r"tiny-x86_64\.iso is over its budget: installed has"):
        build(msgspec.structs.replace(TINY, formats=("iso",), budget=Budget(installed="1 MB")))
    assert (tmp_path / "out/tiny-x86_64.iso").is_file()


def test_other_architecture(channel, medium, tmp_path, run):
    image = resolve("tiny", {"tiny": TINY})
    folders = ImageFolders(work=tmp_path, out=tmp_path)
    with pytest.raises(ConfigError, match="not made for aarch64"):
        build_image("tiny", image, Arch.AARCH64, {}, folders=folders, medium=medium, run=run, reporter=silent())
