"""Layouts as values, and as msgspec decodes them."""

from __future__ import annotations

import uuid

import msgspec
import pytest

from boatyard_boot.disk import plan_disk
from boatyard_boot.layout import LVM, Layout, Role, Share, Volume, divide
from boatyard_boot.size import MIB

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
    with pytest.raises(msgspec.ValidationError, match="not in the layout"):
        msgspec.convert(wrong, Layout)
    with pytest.raises(msgspec.ValidationError, match="volumes need a partition with the role lvm"):
        msgspec.convert(wrong | {"filesystems": [ON_ROOT]}, Layout)
    right = msgspec.convert(wrong | {"partitions": [ROOT | {"size": "1 GiB"}, {"name": "vg0", "role": "lvm"}]}, Layout)
    assert right.volume_group == "vg0"
    assert right.filesystem_on("vg0/home").type == "xfs"
    assert right.partition_of("vg0/home").role == Role.LVM


@pytest.mark.parametrize("name", ["snapshot", "snapshot1", "pvmove0", "a_rimage", "x_tmeta_0"])
def test_names_that_lvm_keeps(name):
    with pytest.raises(ValueError, match="LVM keeps it for itself"):
        Volume(name=name)


ENCRYPTED = {"name": "root", "role": "root", "encrypt": True}
BOOT = {"name": "boot", "role": "boot", "size": "1 GiB"}
ON_BOOT = {"on": "boot", "type": "ext4", "mount": "/boot"}


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        ({"partitions": [ENCRYPTED], "filesystems": [ON_ROOT]}, "mounted on /boot from a partition that is not"),
        (
            {
                "partitions": [{"name": "vg0", "role": "lvm", "encrypt": True}],
                "volumes": [{"name": "root"}, {"name": "boot", "size": "1 GiB"}],
                "filesystems": [ON_ROOT | {"on": "vg0/root"}, ON_BOOT | {"on": "vg0/boot"}],
            },
            "mounted on /boot from a partition that is not",
        ),
        ({"partitions": [BOOT | {"encrypt": True}, ROOT], "filesystems": [ON_ROOT]}, "role boot cannot be encrypted"),
    ],
)
def test_what_the_loader_reads_is_not_encrypted(layout, message):
    with pytest.raises(msgspec.ValidationError, match=message):
        msgspec.convert(layout, Layout)


def test_encrypted_root():
    layout = msgspec.convert({"partitions": [BOOT, ENCRYPTED], "filesystems": [ON_BOOT, ON_ROOT]}, Layout)
    assert layout.partition_of("root").encrypt
    assert layout.mounted_on("/boot").on == "boot"


def test_layout_of_the_installer():
    assert LVM.volume_group == "vg0"
    assert LVM.mounted_on("/").on == "vg0/root"
    assert [slot.size // MIB for slot in plan_disk(LVM, uuid.UUID(int=1), 10 << 30).slots] == [1, 600, 1024, 8613]
