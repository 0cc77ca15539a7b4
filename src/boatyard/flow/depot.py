"""The depot of a user: the folder of the cache and, when the environment names one, the store that a team shares."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.base.error import ConfigError
from boatyard.build.depot import Depot
from boatyard.ports.files import link_or_copy, replacing_dir

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boatyard.artifact.build_result import BuildResult

STORE_VARIABLE = "BOATYARD_STORE"
READ_ONLY_VARIABLE = "BOATYARD_STORE_READ_ONLY"
SECRET_VARIABLE = "BOATYARD_STORE_SECRET_FILE"  # noqa: S105 - the name of a file
SHORTEST_SECRET = 16  # bytes


def open_depot(builds: Path, shared: str | None = None, environ: Mapping[str, str] = os.environ) -> Depot:
    """The depot in the folder `builds`. `shared`: the address of the shared store, instead of `$BOATYARD_STORE`.

    `$BOATYARD_STORE_READ_ONLY`: put nothing there. `$BOATYARD_STORE_SECRET_FILE`: a file with what the trusted writers
    of the shared store have in common; records of others are not believed.
    """
    address = environ.get(STORE_VARIABLE, "") if shared is None else shared
    read_only = environ.get(READ_ONLY_VARIABLE, "") not in ("", "0")
    return Depot.open(builds, address, read_only=read_only, secret=find_secret(environ))


def lay_out(result: BuildResult, folder: Path) -> list[Path]:
    """Gives the packages of a result, the source package first, their names, below `folder`/<component>/."""
    packages = (*([] if result.srpm is None else [result.srpm]), *result.rpms)
    with replacing_dir(folder / result.component) as named:
        for rpm in packages:
            link_or_copy(rpm.path, named / rpm.file_name)
    return [folder / result.component / rpm.file_name for rpm in packages]


def find_secret(environ: Mapping[str, str]) -> bytes:
    """What `$BOATYARD_STORE_SECRET_FILE` holds, or nothing; ConfigError when others can read it, or it is too short."""
    name = environ.get(SECRET_VARIABLE, "")
    if not name:
        return b""
    path = Path(name)
    try:
        secret, mode = path.read_bytes().strip(), path.stat().st_mode
    except OSError as error:
        raise ConfigError(
            f"{path}, which {SECRET_VARIABLE} names, cannot be read: {error.strerror}", hint="mend the variable"
        ) from None
    if len(secret) < SHORTEST_SECRET:
        raise ConfigError(f"{path} is too short for a secret", hint=f"head -c 32 /dev/urandom | base64 > {path}")
    if mode & 0o077:
        raise ConfigError(f"{path} can be read by other users of this machine", hint=f"chmod 600 {path}")
    return secret
