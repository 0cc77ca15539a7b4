"""Native images as configuration values."""

from __future__ import annotations

import msgspec
import pytest

from boatyard.base.error import ConfigError
from boatyard.config.model.native_image import Budget, NativeImage, resolve
from boatyard_boot.arch import Arch
from boatyard_boot.layout import PLAIN

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
