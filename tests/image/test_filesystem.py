"""File systems made as files: right content, no fault found by their own checkers, and the same bytes twice."""

from __future__ import annotations

import os
import shutil
import time
import uuid

import pytest

from boatyard.base.digest import sha256_file
from boatyard.image.filesystem import make_ext4, make_fat, make_squashfs, make_swap
from boatyard.image.stage import Stage
from boatyard.image.toolbox import Toolbox
from boatyard.ports.run import Command
from boatyard_boot.size import MIB

EPOCH = 1_700_000_000
ID = uuid.UUID("01234567-89ab-5def-8123-456789abcdef")

pytestmark = pytest.mark.tool


@pytest.fixture
def box(tmp_path, run):
    return Toolbox(run, tmp_path / "log", EPOCH)


@pytest.fixture
def tree(tmp_path):
    """Files of several kinds, with the times of now."""
    root = tmp_path / "source"
    (root / "etc").mkdir(parents=True)
    (root / "etc/name with spaces").write_text("content")
    (root / "etc/link").symlink_to("/etc/name with spaces")
    os.link(root / "etc/name with spaces", root / "etc/hard")
    (root / "etc/secret").write_text("x")
    (root / "etc/secret").chmod(0o4750)
    for number in range(300):
        (root / f"etc/{number}").write_text("x" * number * 20)
    for path in (*root.rglob("*"), root):
        os.utime(path, (EPOCH, EPOCH), follow_symlinks=False)
    return root


def test_ext4_holds_the_tree(box, tree, tmp_path, run):
    image = tmp_path / "root.part"
    make_ext4(box, image, 64 * MIB, identity=ID, label="root", tree=tree)
    run(Command(argv=("e2fsck", "-f", "-n", str(image))))
    assert image.stat().st_blocks * 512 < 12 * MIB, "sparse"

    def debugfs(request):
        return run(Command(argv=("debugfs", "-R", request, str(image)))).text

    assert debugfs('cat "/etc/hard"') == "content"
    assert "Links: 2" in debugfs('stat "/etc/name with spaces"')
    assert "Mode:  04750" in debugfs("stat /etc/secret")
    header = run(Command(argv=("dumpe2fs", "-h", str(image)))).text
    assert f"Filesystem UUID:          {ID}" in header
    assert "Filesystem volume name:   root" in header


def test_ext4_twice_is_the_same(box, tree, tmp_path):
    make_ext4(box, tmp_path / "one", 64 * MIB, identity=ID, tree=tree)
    copy = tmp_path / "copy"
    time.sleep(1.1)  # inode times have seconds
    shutil.copytree(tree, copy, symlinks=True)
    (copy / "etc/hard").unlink()
    os.link(copy / "etc/name with spaces", copy / "etc/hard")
    for path in (*copy.rglob("*"), copy):
        os.utime(path, (EPOCH + 5, EPOCH), follow_symlinks=False)
    make_ext4(box, tmp_path / "two", 64 * MIB, identity=ID, tree=copy)
    assert sha256_file(tmp_path / "one") == sha256_file(tmp_path / "two")


@pytest.mark.parametrize(("size", "bits"), [(2 * MIB, "12"), (64 * MIB, "32")])
def test_fat(box, tmp_path, run, size, bits):
    loader = tmp_path / "grub.efi"
    loader.write_bytes(b"MZ" * 1000)
    for name in ("one", "two"):
        os.utime(loader)
        make_fat(box, tmp_path / name, size, identity=ID, label="ESP", files={"EFI/BOOT/BOOTX64.EFI": loader})
    assert sha256_file(tmp_path / "one") == sha256_file(tmp_path / "two")
    checked = run(Command(argv=("fsck.vfat", "-n", "-v", str(tmp_path / "one")))).text
    assert f"{bits} bit entries" in checked
    read = run(Command(argv=("mtype", "-i", str(tmp_path / "one"), "::/EFI/BOOT/BOOTX64.EFI"))).stdout
    assert read == loader.read_bytes()


def test_swap(box, tmp_path, run):
    make_swap(box, tmp_path / "swap", 2 * MIB, identity=ID, label="swap")
    shown = run(Command(argv=("blkid", "-p", "-o", "export", str(tmp_path / "swap")))).text
    assert f"UUID={ID}" in shown
    assert "TYPE=swap" in shown


def test_squashfs_twice_is_the_same(box, tree, tmp_path, run):
    for name in ("one", "two"):
        make_squashfs(box, tmp_path / name, tree)
    assert sha256_file(tmp_path / "one") == sha256_file(tmp_path / "two")
    assert run(Command(argv=("unsquashfs", "-cat", str(tmp_path / "one"), "etc/hard"))).text == "content"


def test_stage_leaves_the_shared_root_alone(box, tree, tmp_path):
    stage = Stage(box, tree, tmp_path / "stage")
    stage.put("etc/secret", "changed")
    stage.put("var/new/file", b"new", 0o600)
    stage.put("etc/link", "through the link")
    assert (tree / "etc/secret").read_text() == "x"
    assert (tree / "etc/name with spaces").read_text() == "content"
    assert (stage.tree / "etc/name with spaces").read_text() == "through the link"
    assert not (tree / "var").exists()
    assert (stage.tree / "var/new/file").stat().st_mode & 0o777 == 0o600
    stage.move_out("/etc", tmp_path / "moved")
    assert (tmp_path / "moved/secret").read_text() == "changed"
    assert list((stage.tree / "etc").iterdir()) == []
    stage.move_out("/boot/efi", tmp_path / "efi")
    assert list((tmp_path / "efi").iterdir()) == []
    assert {path.lstat().st_mtime for path in stage.tree.rglob("*")} == {EPOCH}
