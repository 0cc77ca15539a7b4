"""Layers: what is left of a tree beside the one it was made from, and a real one over the tiny channel's root."""

from __future__ import annotations

import os
import stat

import pytest
from tests.image.tiny_channel import BUILD_TIME

from boatyard.base.digest import sha256_file
from boatyard.base.error import ImageError
from boatyard.config.model.native_image import NativeImage
from boatyard.image.layer import keep_differences, run_layer
from boatyard.image.rootfs import plan_rootfs, run_rootfs
from boatyard.ports.run import Command
from boatyard_boot.arch import Arch

NATIVE = NativeImage(formats=("iso",), channels=("tiny",), packages=("tiny-app", "tiny-boot"))


@pytest.fixture
def trees(tmp_path):
    """Two trees that are the same, all with the same times."""
    pair = tmp_path / "tree", tmp_path / "base"
    for top in pair:
        for name, data in {"etc/passwd": "root", "etc/sub/one": "1", "usr/bin/sh": "shell"}.items():
            (top / name).parent.mkdir(parents=True, exist_ok=True)
            (top / name).write_text(data)
        (top / "bin").symlink_to("usr/bin")
        for folder, folders, names in os.walk(top):
            for name in (*folders, *names):
                os.utime(f"{folder}/{name}", (BUILD_TIME, BUILD_TIME), follow_symlinks=False)
    return pair


def write(path, data):
    path.write_text(data)
    os.utime(path, (BUILD_TIME, BUILD_TIME))


def left(tree):
    return sorted(str(path.relative_to(tree)) for path in tree.rglob("*"))


def test_nothing_is_left_of_the_same_tree(trees):
    tree, base = trees
    assert not keep_differences(tree, base)
    assert left(tree) == []
    assert len(left(base)) == 8


def test_what_is_new_or_changed_is_left(trees):
    tree, base = trees
    write(tree / "etc/passwd", "toor")  # as long as before, and at the same time
    (tree / "usr/new/deep").mkdir(parents=True)
    write(tree / "usr/new/deep/file", "")
    (tree / "bin").unlink()
    (tree / "bin").symlink_to("usr/sbin")
    assert keep_differences(tree, base)
    assert left(tree) == ["bin", "etc", "etc/passwd", "usr", "usr/new", "usr/new/deep", "usr/new/deep/file"]


def test_modes_and_times_count(trees):
    tree, base = trees
    (tree / "etc/sub").chmod(0o700)
    (tree / "usr/bin/sh").chmod(0o4755)
    os.utime(tree / "etc/passwd", (1, 1))
    keep_differences(tree, base)
    assert left(tree) == ["etc", "etc/passwd", "etc/sub", "usr", "usr/bin", "usr/bin/sh"]


def test_folders_that_are_left_keep_their_time(trees):
    tree, base = trees
    write(tree / "etc/passwd", "changed")
    os.utime(tree / "etc", (7, 7))
    keep_differences(tree, base)
    assert (tree / "etc").stat().st_mtime == 7


def test_a_folder_in_a_files_place(trees):
    tree, base = trees
    (tree / "etc/passwd").unlink()
    (tree / "etc/passwd").mkdir()
    keep_differences(tree, base)
    assert left(tree) == ["etc", "etc/passwd"]


def test_what_is_gone_becomes_a_whiteout(trees, as_root):
    tree, base = trees
    (tree / "etc/sub/one").unlink()
    (tree / "etc/sub").rmdir()
    (tree / "bin").unlink()
    keep_differences(tree, base)
    assert left(tree) == ["bin", "etc", "etc/sub"]
    for name in ("bin", "etc/sub"):
        status = (tree / name).lstat()
        assert stat.S_ISCHR(status.st_mode)
        assert status.st_rdev == 0


@pytest.fixture
def made(channel, tmp_path, run, as_root):
    plan = plan_rootfs(NATIVE, Arch.X86_64, {"tiny": channel})
    return plan, run_rootfs(plan, tmp_path / "rootfs", run)


@pytest.mark.tool
def test_layer_of_a_package(made, tmp_path, run):
    plan, rootfs = made
    layer = run_layer(plan, rootfs, ("tiny-installer",), tmp_path / "layer", run)
    assert layer.installer
    assert [(row.name, row.channel) for row in layer.packages] == [("tiny-installer", "tiny")]
    listed = run(Command(argv=("unsquashfs", "-lln", "-d", "", str(layer.path)))).text.splitlines()
    kinds = {line.split()[-1]: line[0] for line in listed if line.startswith(("-", "c"))}
    # The script removed two files of other packages.
    assert kinds == {
        "/etc/posted": "c",
        "/usr/share/removed": "c",
        "/usr/lib/systemd/system/boatyard-install.target": "-",
        "/usr/lib/sysimage/rpm/rpmdb.sqlite": "-",
        "/var/lib/dnf/history.sqlite": "-",
    }
    assert (rootfs.dir / "etc/posted").is_file(), "the root is as it was"
    # The second time it is there; elsewhere the same bytes are made.
    before = layer.path.stat().st_ctime_ns
    assert run_layer(plan, rootfs, ("tiny-installer",), tmp_path / "layer", run) == layer
    assert layer.path.stat().st_ctime_ns == before
    again = run_layer(plan, rootfs, ("tiny-installer",), tmp_path / "again", run)
    assert sha256_file(again.path) == sha256_file(layer.path)


@pytest.mark.tool
def test_layer_without_installer(made, tmp_path, run):
    plan, rootfs = made
    assert not run_layer(plan, rootfs, ("tiny-extra",), tmp_path / "layer", run).installer


@pytest.mark.tool
@pytest.mark.parametrize(
    ("package", "told"), [("htop", "No match for argument: htop"), ("tiny-open", "guest has an empty password")]
)
def test_layer_that_must_not_be(made, tmp_path, run, package, told):
    plan, rootfs = made
    with pytest.raises(ImageError, match=told):
        run_layer(plan, rootfs, (package,), tmp_path / "layer", run)
    assert not list((tmp_path / "layer").glob("*/made"))
