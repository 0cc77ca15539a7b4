"""ISOs: the menu as text, and what is on a real one made of the tiny channel."""

from __future__ import annotations

import json

import msgspec
import pytest

from boatyard.config.model.native_image import NativeImage, resolve
from boatyard.image.build import ImageFolders, build_image
from boatyard.image.inspect import check_sums, read_iso
from boatyard.image.iso_menu import Custom, entries, menu
from boatyard.ports.progress import silent
from boatyard_boot.arch import Arch

HEAD = """\
if serial --unit=0 --speed=115200; then
    terminal_input console serial
    terminal_output console serial
fi
set timeout=5
"""
BOTH = (
    HEAD
    + """\
set default=install
set kargs=
if [ -f "${prefix}/custom.cfg" ]; then
    source "${prefix}/custom.cfg"
fi
menuentry 'Install Tiny 1.0' --id 'install' --hotkey=i {
    linux /boot/vmlinuz live=TINY boatyard.install systemd.unit=boatyard-install.target \
systemd.condition_first_boot=no console=tty0 quiet ${kargs}
    initrd /boot/initrd.img
}
menuentry 'Try Tiny 1.0 without installing' --id 'live' --hotkey=t {
    linux /boot/vmlinuz live=TINY console=tty0 quiet ${kargs}
    initrd /boot/initrd.img
}
"""
)
LIVE_ONLY = (
    HEAD
    + """\
set default=live
set kargs=
if [ -f "${prefix}/custom.cfg" ]; then
    source "${prefix}/custom.cfg"
fi
menuentry 'Tiny 1.0 (live)' --id 'live' --hotkey=t {
    linux /boot/vmlinuz live=TINY console=tty0 quiet ${kargs}
    initrd /boot/initrd.img
}
"""
)


@pytest.mark.parametrize(("installer", "golden"), [(True, BOTH), (False, LIVE_ONLY)])
def test_menu(installer, golden):
    text = menu("Tiny 1.0", "TINY", ("console=tty0", "quiet"), timeout_s=5, installer=installer)
    assert text == golden
    assert list(entries(text)) == (["install", "live"] if installer else ["live"])


@pytest.mark.parametrize(
    ("custom", "text"),
    [
        (Custom(), ""),
        (Custom("install", 0, ("a=b", "c")), 'set default=install\nset timeout=0\nset kargs="a b"\n'),
        (Custom(timeout_s=600), "set timeout=600\n"),
    ],
)
def test_custom_settings(custom, text):
    text = text.replace('"a b"', '"a=b c"')
    assert custom.text() == f"# Written by `boatyard iso customize`.\n{text}"
    assert Custom.read(custom.text()) == custom


def test_settings_somebody_else_wrote():
    assert Custom.read("set timeout=forever\nset default='x'; reboot\nset kargs=\n") == Custom("'x'; reboot")


INSTALLER = NativeImage(
    formats=("iso",),
    channels=("tiny",),
    packages=("tiny-filesystem", "tiny-boot"),
    live_packages=("tiny-installer",),
    medium_packages=("tiny-extra",),
    label="TINY-1",
)


@pytest.fixture
def build(channel, medium, tmp_path, run, as_root):
    """Builds an ISO in the test's folder."""

    def build(native, place="one"):
        folders = ImageFolders(work=tmp_path / place / "work", out=tmp_path / place / "out")
        image = resolve("tiny", {"tiny": native})
        ports = {"medium": medium, "run": run, "reporter": silent()}
        return build_image("tiny", image, Arch.X86_64, {"tiny": channel}, folders=folders, **ports)[0]

    return build


@pytest.mark.tool
def test_iso_with_an_installer(build):
    image = build(INSTALLER)
    content = read_iso(image.path)
    names = {name.replace("repo/repodata/", "") for name in content.volume.files}
    assert {name for name in names if not name.endswith(".xml.gz")} == {
        "SHA256SUMS", "SHA256SUMS.asc", "boot.catalog", "boot/grub/eltorito.img", "boot/grub/grub.cfg",
        "boot/initrd.img", "boot/vmlinuz", "live/installer.squashfs", "live/root.json", "live/root.squashfs",
        "repo/Packages/t/tiny-app.rpm", "repo/Packages/t/tiny-extra.rpm", "repomd.xml", "repomd.xml.asc",
    }  # fmt: skip
    assert content.entries == {"install": "Install Linux", "live": "Try Linux without installing"}
    assert content.root["label"] == content.volume.label == "TINY-1"
    # All but the BIOS loader and its catalogue, which xorriso writes.
    assert check_sums(content) == len(content.volume.files) - 4
    manifest = json.loads(image.manifest.read_bytes())
    assert [row["name"] for row in manifest["live_packages"]] == ["tiny-app", "tiny-installer"]
    assert manifest["medium_packages"] == ["tiny-app.rpm", "tiny-extra.rpm"]
    assert build(INSTALLER, "two").sha256 == image.sha256, "the same inputs give the same bytes"


@pytest.mark.tool
def test_what_is_on_the_iso_decides_whether_it_is_made_again(build):
    def key(**more):
        return build(msgspec.structs.replace(INSTALLER, **more)).key

    keys = {key(), key(live_packages=()), key(medium_packages=("tiny-app",)), key(boot_timeout_s=7)}
    assert len(keys) == 4
    disk = {"formats": ("raw",), "layout": None}
    plain = msgspec.structs.replace(INSTALLER, **disk, live_packages=(), medium_packages=())
    assert build(plain).key == build(msgspec.structs.replace(INSTALLER, **disk)).key, "a disk has neither"
