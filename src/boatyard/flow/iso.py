"""Finished ISOs: what they hold, and answers put into them. Works on any ISO that Boatyard made, in no project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.base.error import ConfigError, NotFoundError, TrustError
from boatyard.flow.install import MAX_TEXT, read_answers, read_limited
from boatyard.image.customize import Change, customize
from boatyard.image.inspect import ANSWERS, FOLDER, check_sums, read_iso
from boatyard.rpm.signature import verify_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from boatyard.flow.ports import Ports
    from boatyard.image.inspect import IsoContent

USER_DATA = f"{FOLDER}/user-data"


def customize_iso(
    ports: Ports,
    source: Path,
    target: Path,
    *,
    answers: Path | None,
    kernel_arguments: Sequence[str],
    timeout_s: int | None,
    replace: bool,
    log: Path,
) -> None:
    """Writes `target`, a copy of the ISO `source` that installs as the answers say.

    ConfigError for bad answers or arguments, and for a target that is there unless `replace`.
    """
    if answers is None and not kernel_arguments and timeout_s is None:
        raise ConfigError("there is nothing to change", hint="give --answers FILE, --kargs or --timeout")
    if not source.is_file():
        raise NotFoundError(f"there is no ISO image {source}")
    if target.exists() and target.samefile(source):
        raise ConfigError(f"{target} is the image that is read", hint="give the new one another name")
    if target.is_dir():
        raise ConfigError(f"{target} is a folder", hint="give the name of a file")
    if target.exists() and not replace:
        raise ConfigError(f"{target} already exists", hint="use --force to replace it")
    change = Change(
        files=_answers(answers) if answers is not None else {},
        kernel_arguments=tuple(kernel_arguments),
        timeout_s=timeout_s,
    )
    with ports.reporter.step(f"customize {source.name}"):
        customize(source, target, change, ports.run, log=log)


def inspect_iso(ports: Ports, path: Path, key: Path | None, scratch: Path) -> tuple[IsoContent, int]:
    """What an ISO holds and how many of its files were verified; `key`: the file of the key that must have signed.

    TrustError when a file or the signature is not as it should be.
    """
    if not path.is_file():
        raise NotFoundError(f"there is no ISO image {path}")
    content = read_iso(path)
    if key is not None:
        public = read_limited(key, MAX_TEXT, "the key")
        try:
            verify_file(content.sums_text, content.signature, public, scratch, ports.run)
        except TrustError as error:
            raise TrustError(
                f"the digests of {path} are not signed by the key in {key}", detail=error.problems[0].detail
            ) from error
    with ports.reporter.step(f"verify {path.name}"):
        return content, check_sums(content)


def _answers(path: Path) -> dict[str, bytes]:
    """The files of /boatyard: the answers as they are, once the installer's own check has passed them."""
    answers, user_data = read_answers(path)
    files = {ANSWERS: path.read_bytes()}
    return files | {USER_DATA: user_data} if answers.user_data else files
