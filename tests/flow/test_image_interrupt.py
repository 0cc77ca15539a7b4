"""Images whose making was interrupted or killed come out the same, byte for byte."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
from tests.flow.held import Held, interrupt
from tests.flow.published import leftovers
from tests.flow.small_yard import finish, wait_for_none
from tests.image.tiny_channel import NEEDED, SPEC

from boatyard.base.digest import sha256_file

if TYPE_CHECKING:
    from pathlib import Path

    from tests.flow.mount import Mounts
    from tests.flow.small_yard import SmallYard

pytestmark = pytest.mark.tool

IMAGE = """
[buildroot]
bootstrap = ["tiny"]
[components.tiny]
spec = { type = "local", path = "tiny/tiny.spec" }
[images.tiny]
definition = { type = "native" }
[images.tiny.native]
formats = ["iso", "qcow2"]
channels = ["base"]
packages = ["tiny-filesystem", "tiny-boot"]
label = "TINY-1"
"""
PHASES = {
    "root file system": ("dnf", "--installroot"),
    "live system": ("mksquashfs", ""),
    "ISO": ("xorriso", ""),
    "file system": ("mke2fs", ""),
    "conversion": ("qemu-img", "convert"),
}


@pytest.fixture
def image_yard(yard: SmallYard) -> SmallYard:
    """A project with an image of packages that stand for a system."""
    if os.geteuid() != 0:
        pytest.skip("a root file system needs root")
    root = yard.project / "boatyard.toml"
    root.write_text(root.read_text().partition("[seeds")[0] + IMAGE)
    (yard.project / "tiny").mkdir()
    # Its package that nothing can satisfy is for tests of the closure; here the whole repository must be closed.
    spec = SPEC.replace("Requires: nowhere\n", "").replace("@NEEDED@", " ".join(NEEDED))
    text = f"%global _binaries_in_noarch_packages_terminate_build 0\n{spec}"
    (yard.project / "tiny/tiny.spec").write_text(text)
    return yard


def images(yard: SmallYard) -> dict[str, str]:
    folder = yard.project / "out/images"
    return {path.name: sha256_file(path) for path in folder.iterdir() if path.suffix in (".iso", ".qcow2")}


def test_interrupted_and_killed_image(image_yard: SmallYard, mounts: Mounts, tmp_path: Path) -> None:
    """Ctrl-C in one phase after the other, and a kill at the end; then the images are those of an undisturbed run."""
    yard = image_yard
    assert (done := yard.run("image", "build")).code == 0, done.err
    expected = images(yard)
    assert set(expected) == {"tiny-x86_64.iso", "tiny-x86_64.qcow2"}
    for name in ("build/work", "out/images"):
        yard.remove(name)
    for number, (program, argument) in enumerate(PHASES.values()):
        held = Held(yard, mounts, tmp_path / f"sbin{number}", program, argument)
        interrupt(held.start("image", "build"), (signal.SIGINT, signal.SIGTERM)[number % 2], tmp_path / "yard")
    process = held.start("image", "build")
    process.kill()
    finish(process)
    wait_for_none(tmp_path / "yard")
    held.hold.unlink()
    assert (done := yard.run("image", "build")).code == 0, done.err
    assert images(yard) == expected
    (rootfs,) = yard.project.glob("build/work/rootfs/*/installed/rootfs.json")
    records = [rootfs, yard.project / "out/images/tiny-x86_64.iso.json"]
    before = rootfs.stat().st_ino
    for record in records:
        os.truncate(record, record.stat().st_size // 2)
    assert (done := yard.run("image", "build")).code == 0, done.err
    assert rootfs.stat().st_ino != before, "it was made again"
    assert images(yard) == expected
    assert leftovers(tmp_path) == []
