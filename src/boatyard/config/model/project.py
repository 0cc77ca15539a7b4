"""The project itself: where it writes, which distribution it builds, its tools."""

from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from boatyard.config.model.component import DistroRef
from boatyard.config.model.struct import Table


def _folder(name: str) -> Any:
    """A folder that is not stated. A factory, because a JSON schema cannot hold a path as default."""
    return msgspec.field(default_factory=partial(Path, name))


class Settings(Table, frozen=True, kw_only=True):
    """`[project]`. In a loaded project every path is absolute; the defaults are below the project's folder."""

    description: str = ""
    log_dir: Path = _folder("build/logs")
    work_dir: Path = _folder("build/work")
    output_dir: Path = _folder("out")
    rendered_specs_dir: Path = _folder("specs")
    lock_dir: Path = _folder("locks")
    default_distro: DistroRef = DistroRef()
    default_author_email: str = ""
    merge_components: bool = False

    def directories(self) -> dict[str, Path]:
        """The folders for results, by their key."""
        pairs = zip(self.__struct_encode_fields__, self.__struct_fields__, strict=True)
        return {key: getattr(self, field) for key, field in pairs if key.endswith("-dir")}


class ImageCustomizer(Table, frozen=True, kw_only=True):
    """`[tools.imageCustomizer]`."""

    container_tag: str = msgspec.field(default="", name="containerTag")


class Tools(Table, frozen=True, kw_only=True):
    """`[tools]`."""

    image_customizer: ImageCustomizer = msgspec.field(default=ImageCustomizer(), name="imageCustomizer")
