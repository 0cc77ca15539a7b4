"""The project itself: where it writes, which distribution it builds, its tools."""

from pathlib import Path

import msgspec

from boatyard.config.model.component import DistroRef
from boatyard.config.model.struct import Table


class Settings(Table, frozen=True, kw_only=True):
    """`[project]`. In a loaded project every path is absolute; the defaults are below the project's folder."""

    description: str = ""
    log_dir: Path = Path("build/logs")
    work_dir: Path = Path("build/work")
    output_dir: Path = Path("out")
    rendered_specs_dir: Path = Path("specs")
    lock_dir: Path = Path("locks")
    default_distro: DistroRef = DistroRef()
    default_author_email: str = ""
    merge_components: bool = False


class ImageCustomizer(Table, frozen=True, kw_only=True):
    """`[tools.imageCustomizer]`."""

    container_tag: str = msgspec.field(default="", name="containerTag")


class Tools(Table, frozen=True, kw_only=True):
    """`[tools]`."""

    image_customizer: ImageCustomizer = msgspec.field(default=ImageCustomizer(), name="imageCustomizer")
