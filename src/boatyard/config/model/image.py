"""Images: what they are made from, what they can do, how they are tested and published."""

from pathlib import Path
from typing import Literal

import msgspec

from boatyard.config.model.native_image import NativeImage
from boatyard.config.model.struct import Table


class Definition(Table, frozen=True, kw_only=True):
    """A kiwi description (`path` names its .kiwi file), or `native`: Boatyard's own, in `[images.<name>.native]`."""

    type: Literal["", "kiwi", "native"] = ""
    path: Path | None = None
    profile: str = ""


class Capabilities(Table, frozen=True, kw_only=True):
    """What an image can do; None where the configuration does not say."""

    machine_bootable: bool | None = None
    container: bool | None = None
    systemd: bool | None = None
    runtime_package_management: bool | None = None

    def names(self) -> tuple[str, ...]:
        """The capabilities stated to be true, in the order of the format."""
        return tuple(
            key
            for key, field in zip(self.__struct_encode_fields__, self.__struct_fields__, strict=True)
            if getattr(self, field)
        )


class SuiteRef(Table, frozen=True, kw_only=True):
    """A test suite by name."""

    name: str


class ImageTests(Table, frozen=True, kw_only=True):
    """The test suites an image must pass."""

    test_suites: tuple[SuiteRef, ...] = ()


class ImagePublish(Table, frozen=True, kw_only=True):
    """Where an image is published."""

    channels: tuple[str, ...] = ()


class Image(Table, frozen=True, kw_only=True):
    """`[images.<name>]`."""

    description: str = ""
    definition: Definition = Definition()
    capabilities: Capabilities = Capabilities()
    tests: ImageTests = ImageTests()
    publish: ImagePublish = ImagePublish()
    native: NativeImage | None = msgspec.field(default=None)
