"""Where rendered components are kept: `<first character, lower case>/<name>/`, with an alias for escaped names."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote_plus

from boatyard.base.error import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

FAILED_NAME = "RENDER_FAILED"
# Always the same, so that it can be kept in git.
FAILED_TEXT = "Rendering failed. See azldev logs for details.\n"


def spec_dir(root: Path, component: str) -> Path:
    """The folder of a component's spec and its other files; ConfigError for a name that is no file name."""
    if component in ("", ".", "..") or "/" in component or "\0" in component:
        raise ConfigError(f"component name {component!r} is no file name")
    return root / component[0].lower() / component


def alias(component: str) -> str:
    """The name escaped as in the query of an address, where that differs (`libxml++`: `libxml%2B%2B`); else "".

    Tools that make such addresses find the folder by a link of this name beside it.
    """
    escaped = quote_plus(component)
    return "" if escaped == component else escaped


def check_root(root: Path, project: Path) -> Path:
    """The folder for rendered specs, absolute; ConfigError for one that holds the project, which would be emptied."""
    absolute = root.resolve()
    home = project.resolve()
    if absolute == home or absolute in home.parents:
        raise ConfigError(
            f"rendered specs cannot be kept in {root}: it holds the project itself",
            hint="choose a folder of their own, such as `specs`",
        )
    return root
