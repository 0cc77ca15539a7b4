"""Puts answers for the installer, kernel arguments and a timeout into a finished ISO, without making it again.

xorriso writes the same volume with `/boatyard/` and `/boot/grub/custom.cfg` replaced; boot records and the partition
table are taken over. What the signed digests cover stays as it is. The same inputs give the same bytes.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from boatyard.base.digest import sha256_bytes
from boatyard.base.error import ConfigError, ImageError
from boatyard.config.model.native_image import ARGUMENT
from boatyard.image.inspect import ANSWERS, FOLDER, check_sums, read_iso
from boatyard.image.iso_menu import CUSTOM, INSTALL, MAX_TIMEOUT_S, Custom
from boatyard.ports.files import replacing, temporary_dir
from boatyard.ports.run import Command
from boatyard.ports.sandbox import Sandbox, inside

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from boatyard.image.inspect import IsoContent
    from boatyard.ports.run import Runner

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "customize.boatyard.invalid")
# Linux reads 2,048 bytes on x86-64 and Arm64 (COMMAND_LINE_SIZE); the entries have some words of their own.
MAX_ARGUMENTS = 1500


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """`files`: what is put into /boatyard, by path; `boatyard/answers.toml` is what the installer obeys.

    `timeout_s`: seconds that the menu waits; None is 0 with answers, and else what the image has.
    """

    files: Mapping[str, bytes] = field(default_factory=dict)
    kernel_arguments: tuple[str, ...] = ()
    timeout_s: int | None = None

    def __post_init__(self) -> None:
        for argument in self.kernel_arguments:
            if not ARGUMENT.fullmatch(argument):
                raise ConfigError(
                    f"{argument!r} is not one argument of the kernel command line",
                    hint="letters, digits and _.,:=/%+@- only: the boot loader reads other characters itself",
                )
        if len(" ".join(self.kernel_arguments)) > MAX_ARGUMENTS:
            raise ConfigError(f"the kernel arguments are longer than {MAX_ARGUMENTS} characters")
        if self.timeout_s is not None and not 0 <= self.timeout_s <= MAX_TIMEOUT_S:
            raise ConfigError(f"the timeout is between 0 and {MAX_TIMEOUT_S} seconds")

    @property
    def custom(self) -> Custom:
        """What the boot menu is told."""
        unattended = ANSWERS in self.files
        timeout = 0 if unattended and self.timeout_s is None else self.timeout_s
        return Custom(INSTALL if unattended else None, timeout, self.kernel_arguments)


def customize(source: Path, target: Path, change: Change, run: Runner, *, log: Path) -> None:
    """Writes `target`, a copy of the ISO `source` with a change; what an earlier change put in is taken out.

    ImageError when the ISO is not Boatyard's or cannot install; TrustError when it is damaged. The file is readable by
    its owner only, for answers may hold secrets.
    """
    content = read_iso(source)
    if change.custom.default is not None and change.custom.default not in content.entries:
        raise ImageError(
            f"{source} has no installer, so answers are of no use to it",
            hint="give the image `live-packages` with an installer, and build it again",
        )
    check_sums(content)
    with replacing(target) as temporary:
        with temporary_dir(target.parent) as work:
            work.chmod(0o700)
            _lay_out(change, work / "added")
            written = work / "customized.iso"
            _write(source, written, work / "added", content, change, run, log)
            written.replace(temporary)
        temporary.chmod(0o600)


def _lay_out(change: Change, folder: Path) -> None:
    (folder / FOLDER).mkdir(mode=0o700, parents=True)
    for name, data in change.files.items():
        file = folder / name
        file.touch(mode=0o600)
        file.write_bytes(data)
    (folder / "custom.cfg").write_text(change.custom.text(), encoding="utf-8")
    (folder / "custom.cfg").chmod(0o644)


def _write(
    source: Path, target: Path, added: Path, content: IsoContent, change: Change, run: Runner, log: Path
) -> None:
    volume = content.volume
    seed = [volume.label, volume.changed, change.custom.text()]
    seed += [f"{name} {sha256_bytes(data)}" for name, data in sorted(change.files.items())]
    identity = uuid.uuid5(volume.gpt_id or NAMESPACE, "\n".join(seed))
    date = volume.changed
    old = [f"/{FOLDER}"] if content.added else []
    old += [f"/{CUSTOM}"] if content.custom is not None else []
    new = (f"/{FOLDER}",) if change.files else ()
    argv = (
        "xorriso", "-no_rc", "-abort_on", "FAILURE", "-return_with", "FAILURE", "32", "-joliet", "on",
        "-indev", "/in.iso", "-outdev", f"/out/{target.name}", "-boot_image", "any", "replay",
        "-boot_image", "any", f"gpt_disk_guid={identity}",
        *(word for path in old for word in ("-rm_r", path, "--")),
        *(word for path in new for word in ("-map", f"/out/{added.name}{path}", path, "-chown_r", "0", path, "--",
                                            "-chgrp_r", "0", path, "--")),
        "-map", f"/out/{added.name}/custom.cfg", f"/{CUSTOM}", "-chown", "0", f"/{CUSTOM}", "--",
        "-chgrp", "0", f"/{CUSTOM}", "--",
        "-volume_date", "uuid", date, "-volume_date", "all_file_dates", _timestring(date), "-commit",
    )  # fmt: skip
    sandbox = Sandbox(read_only=((source.absolute(), "/in.iso"),), writable=((target.parent, "/out"),))
    run(inside(sandbox, Command(argv=argv, log=log)))


def _timestring(date: str) -> str:
    """xorriso's form of a volume's date: MMDDhhmm[[CC]YY][.ss], in UTC as the clock of every program here."""
    return f"{date[4:12]}{date[:4]}.{date[12:14]}"
