"""Layouts and native images as configuration values."""

from __future__ import annotations

import msgspec
import pytest

from boatyard.base.arch import Arch
from boatyard.base.error import ConfigError
from boatyard.base.size import MIB
from boatyard.config.model.layout import PLAIN, Layout, Share, divide
from boatyard.config.model.native_image import Budget, NativeImage, resolve

ROOT = {"name": "root", "role": "root"}
ON_ROOT = {"on": "root", "type": "ext4", "mount": "/"}


@pytest.mark.parametrize(
    ("text", "share"),
    [("512 MiB", Share(size=512 * MIB)), ("20%", Share(percent=20)), ("rest", Share()), ("1 GB", Share(size=10**9))],
)
def test_share(text, share):
    assert Share.parse(text) == share


@pytest.mark.parametrize("text", ["", "0%", "101%", "-1", "5 parsecs", "0 MiB", "20 %", "rest "])
def test_wrong_share(text):
    with pytest.raises(ValueError, match=r"not a size|not between|no size"):
        Share.parse(text)


@pytest.mark.parametrize(
    ("total", "shares", "sizes"),
    [
        (100, ["10 MiB", "rest"], [10, 90]),
        (100, ["rest", "25%", "5 MiB"], [70, 25, 5]),
        (100, ["10%", "10%"], [10, 10]),
        (10, ["1000000 B", "rest"], [1, 9]),
        (100, ["50%", "50%"], [50, 50]),
    ],
)
def test_divide(total, shares, sizes):
    assert divide(total * MIB, [Share.parse(text) for text in shares]) == [size * MIB for size in sizes]


@pytest.mark.parametrize("shares", [["101 MiB"], ["60%", "50%"], ["100 MiB", "rest"], ["100%", "1 MiB"]])
def test_divide_what_does_not_fit(shares):
    with pytest.raises(ValueError, match="the sizes need"):
        divide(100 * MIB, [Share.parse(text) for text in shares])


@pytest.mark.parametrize(
    ("partitions", "filesystems", "message"),
    [
        ([ROOT, ROOT], [ON_ROOT], "'root' is there twice"),
        ([ROOT], [ON_ROOT, ON_ROOT], "two file systems are on 'root'"),
        ([ROOT], [], "no file system is mounted on /"),
        ([ROOT], [{"on": "rot", "type": "ext4", "mount": "/"}], "on 'rot', which is not in the layout"),
        ([ROOT, {"name": "b", "role": "data"}], [ON_ROOT], "only one partition can have the rest"),
        ([{"name": "esp", "role": "esp", "size": "9 MiB"}, ROOT], [ON_ROOT], "role esp needs a vfat file system"),
        ([{"name": "a/b", "role": "root"}], [ON_ROOT], "not a name for a partition"),
        ([{"name": "root", "role": "root", "size": "much"}], [ON_ROOT], "not a size"),
        ([ROOT], [ON_ROOT | {"mount": "/../etc"}], "not an absolute mount point"),
        ([ROOT], [ON_ROOT | {"mount": "relative"}], "not an absolute mount point"),
        ([ROOT], [ON_ROOT | {"label": "a b"}], "not a label for ext4"),
        ([ROOT], [ON_ROOT | {"options": "ro nosuid"}], "not mount options"),
        ([ROOT], [{"on": "root", "type": "swap", "mount": "/"}], "swap has none"),
        ([{"name": "root", "role": "lvm"}], [ON_ROOT], "the role lvm holds no file system"),
    ],
)
def test_wrong_layout(partitions, filesystems, message):
    with pytest.raises(msgspec.ValidationError, match=message):
        msgspec.convert({"partitions": partitions, "filesystems": filesystems}, Layout)


def test_volumes_need_one_physical_volume():
    wrong = {
        "partitions": [ROOT],
        "volumes": [{"name": "home"}],
        "filesystems": [ON_ROOT, {"on": "vg0/home", "type": "xfs", "mount": "/home"}],
    }
    with pytest.raises(msgspec.ValidationError, match="exactly one partition with the role lvm"):
        msgspec.convert(wrong, Layout)
    right = msgspec.convert(wrong | {"partitions": [ROOT | {"size": "1 GiB"}, {"name": "pv", "role": "lvm"}]}, Layout)
    assert right.filesystem_on("vg0/home").type == "xfs"


BASE = NativeImage(formats=("iso",), channels=("base",), packages=("bash",), exclude=("perl",), docs=True)


def test_inheritance_adds_packages_and_replaces_the_rest():
    child = NativeImage(
        extends="base", formats=("raw",), packages=("vim",), arch_packages={Arch.AARCH64: ("grub-arm",)},
        boot_timeout_s=0, budget=Budget(file="1 GB"),
    )  # fmt: skip
    image = resolve("child", {"base": BASE, "child": child})
    assert (image.extends, image.formats, image.channels, image.docs) == ("", ("raw",), ("base",), True)
    assert image.packages_for(Arch.X86_64) == ("bash", "vim")
    assert image.packages_for(Arch.AARCH64) == ("bash", "grub-arm", "vim")
    assert image.exclude == ("perl",)
    assert (image.boot_timeout_s, image.label, image.layout, image.budget.file) == (0, "CHILD", PLAIN, "1 GB")


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ({"a": NativeImage(extends="b")}, "image 'a' extends 'b', which is not a native image"),
        ({"a": NativeImage(extends="b"), "b": NativeImage(extends="a")}, "circle: a -> b -> a"),
        ({"a": NativeImage(formats=("iso",), channels=("x",))}, "image 'a' has no packages"),
        ({"b": BASE}, "there is no native image 'a'"),
    ],
)
def test_wrong_inheritance(images, message):
    with pytest.raises(ConfigError, match=message):
        resolve("a", images)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"label": "skiff"}, "not a volume label"),
        ({"hostname": "a.b"}, "not one label"),
        ({"packages": ["--nogpgcheck"]}, "not the name of a package"),
        ({"arch-packages": {"x86_64": ["a b"]}}, "not the name of a package"),
        ({"exclude": ["a\nb"]}, "not the name of a package"),
        ({"kernel-arguments": ["a b"]}, "not one argument"),
        ({"kernel-arguments": ["a;reboot"]}, "not one argument"),
        ({"boot-timeout-s": -1}, "between 0 and 600"),
        ({"budget": {"file": "big"}}, "not a size"),
        ({"formats": ["vmdk"]}, "Invalid enum value"),
        ({"format": ["iso"]}, "unknown field"),
    ],
)
def test_wrong_image(table, message):
    with pytest.raises(msgspec.ValidationError, match=message):
        msgspec.convert(table, NativeImage)
