"""GRUB, the boot loader, for UEFI and BIOS: its images are made by the root's own grub-mkimage.

On disks the entries are in /boot/grub/entries.cfg, which boatyard_boot.kernel makes; /boot/grub/grubenv names the
default (`saved_entry`), as GRUB's manual has it.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard_boot.arch import Arch
from boatyard_boot.error import BootError
from boatyard_boot.gpt import SECTOR
from boatyard_boot.tree import find_file, need_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MODULES = (
    "part_gpt", "part_msdos", "normal", "linux", "configfile", "search", "search_label", "search_fs_uuid", "test",
    "echo", "serial", "terminal", "boot", "minicmd", "ls", "regexp", "loadenv", "sleep", "halt", "reboot",
)  # fmt: skip
EFI_PLATFORM = {Arch.X86_64: "x86_64-efi", Arch.AARCH64: "arm64-efi"}
EFI_PACKAGES = {
    Arch.X86_64: "add grub2-efi-x64-modules and grub2-tools to the image (after Debian: grub-efi-amd64-bin)",
    Arch.AARCH64: "add grub2-efi-aa64-modules and grub2-tools to the image (after Debian: grub-efi-arm64-bin)",
}
BIOS_PLATFORM = "i386-pc"
BIOS_PACKAGES = "add grub2-pc-modules and grub2-tools to the image (after Debian: grub-pc-bin)"
SERIAL = {Arch.X86_64: "ttyS0,115200", Arch.AARCH64: "ttyAMA0,115200"}
# Where boot.img and core.img keep what grub-bios-setup fills in (GRUB 2.12, include/grub/i386/pc/boot.h).
BOOT_CODE_SIZE = 440
KERNEL_SECTOR_AT, DRIVE_CHECK_AT, BLOCK_LIST_AT = 0x5C, 0x66, 0x1F4
PLAIN_WORD = re.compile(r"[A-Za-z0-9_.,:=/%+@~-]+")
NOPS = b"\x90\x90"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one menu entry starts. `id` is the kernel's release; paths as GRUB sees them; `hotkey` chooses it.

    `variable`: of GRUB, with more arguments that are only known when it starts.
    """

    title: str
    id: str
    kernel: str
    initrd: str
    arguments: tuple[str, ...]
    hotkey: str = ""
    variable: str = ""


def consoles(arch: Arch) -> tuple[str, ...]:
    """Kernel arguments for a screen and, as the main console, the serial port that clouds and QEMU log."""
    return ("console=tty0", f"console={SERIAL[arch]}")


def has_bios(root: Path) -> bool:
    """Whether a root brings GRUB for BIOS."""
    return find_file(root, f"usr/lib/grub/{BIOS_PLATFORM}/boot.img") is not None


def menu_entry(entry: Entry) -> str:
    """An entry's text. `initrd` may name several."""
    hotkey = f" --hotkey={entry.hotkey}" if entry.hotkey else ""
    more = f" ${{{entry.variable}}}" if entry.variable else ""
    return "\n".join(
        (
            f"menuentry {_quoted(entry.title)} --id {_quoted(entry.id)}{hotkey} {{",
            f"    linux {' '.join(_word(word) for word in (entry.kernel, *entry.arguments))}{more}",
            f"    initrd {' '.join(_word(word) for word in entry.initrd.split())}",
            "}",
            "",
        )
    )


def _word(word: str) -> str:
    return word if PLAIN_WORD.fullmatch(word) else _quoted(word)


def _quoted(text: str) -> str:
    """Text in which GRUB's script language sees nothing (GRUB manual, "Quoting")."""
    return "'" + "".join(char for char in text if char.isprintable()).replace("'", "'\\''") + "'"


def menu_head(timeout_s: int) -> str:
    """The part of grub.cfg before the entries: screen and serial port show the same menu."""
    return "\n".join(
        (
            "if serial --unit=0 --speed=115200; then",
            "    terminal_input console serial",
            "    terminal_output console serial",
            "fi",
            f"set timeout={timeout_s}",
            "",
        )
    )


def disk_menu(timeout_s: int) -> str:
    """The grub.cfg of a disk. It never changes: what does is in the files it reads."""
    return menu_head(timeout_s) + DISK_ENTRIES


DISK_ENTRIES = """\
load_env
set default="${saved_entry}"
source "${prefix}/entries.cfg"
"""
ENV_HEAD, ENV_SIZE = "# GRUB Environment Block", 1024


def write_env(values: Mapping[str, str]) -> bytes:
    """A grubenv file: 1024 bytes, the rest filled with #. BootError when the values do not fit."""
    lines = [ENV_HEAD, *(f"{name}={value}" for name, value in values.items()), ""]
    block = "\n".join(lines).encode()
    if len(block) > ENV_SIZE:
        raise BootError("GRUB's environment has no room left", hint="see what is in /boot/grub/grubenv")
    return block.ljust(ENV_SIZE, b"#")


def read_env(block: bytes) -> dict[str, str]:
    """The values in a grubenv file."""
    lines = [line for line in block.decode("utf-8", "replace").splitlines() if not line.startswith("#")]
    return {name: value for name, mark, value in (line.partition("=") for line in lines) if mark}


def search_by_uuid(uuid: str, folder: str) -> str:
    """The built-in configuration of a loader on a disk: finds the file system that holds `folder`, GRUB's own."""
    return _early(f"search --no-floppy --fs-uuid --set=root {uuid}", folder)


def search_by_label(label: str) -> str:
    """The same for a live ISO."""
    return _early(f"search --no-floppy --set=root --label {label}", "/boot/grub")


def _early(search: str, folder: str) -> str:
    return f"{search}\nset prefix=($root){folder}\nconfigfile $prefix/grub.cfg\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loader:
    """One of GRUB's images: grub-mkimage's `target`, the modules in it, and what to install when the root lacks it."""

    target: str
    modules: tuple[str, ...]
    packages: str

    @property
    def folder(self) -> str:
        """Where a root keeps GRUB for this target."""
        return f"usr/lib/grub/{self.target.removesuffix('-eltorito')}"


def efi_loader(arch: Arch) -> Loader:
    """GRUB as an EFI program that needs no other file than grub.cfg."""
    modules = (
        *MODULES,
        "fat",
        "ext2",
        "xfs",
        "iso9660",
        "lvm",
        "efi_gop",
        *(("all_video",) if arch == Arch.X86_64 else ()),
    )
    return Loader(target=EFI_PLATFORM[arch], modules=modules, packages=EFI_PACKAGES[arch])


# GRUB for a BIOS that starts from a CD, or from the same ISO as a disk.
ELTORITO_LOADER = Loader(
    target=f"{BIOS_PLATFORM}-eltorito",
    modules=(*MODULES, "biosdisk", "iso9660", "all_video"),
    packages=BIOS_PACKAGES,
)
# GRUB for a BIOS that starts from a disk; goes to the start of the bios-boot partition.
BIOS_LOADER = Loader(
    target=BIOS_PLATFORM, modules=(*MODULES, "biosdisk", "ext2", "xfs", "lvm", "all_video"), packages=BIOS_PACKAGES
)


def mkimage_argv(root: Path, loader: Loader, *, early: str, output: str) -> tuple[str, ...]:
    """The command that makes a loader, to be run in `root`; BootError when it lacks GRUB.

    `early`: the file with the loader's built-in configuration; `output`: the file to make; both as seen in the root.
    """
    need_file(root, f"{loader.folder}/moddep.lst", hint=loader.packages)
    program = need_file(root, "usr/bin/grub2-mkimage", "usr/bin/grub-mkimage", hint=loader.packages)
    return (
        f"/usr/bin/{program.name}", "-O", loader.target, "-d", f"/{loader.folder}", "-o", output,
        "-p", "/boot/grub", "-c", early, *sorted(set(loader.modules)),
    )  # fmt: skip


def bios_boot_code(root: Path, core_start: int) -> bytes:
    """boot.img for the MBR; it loads the sector at byte `core_start` of the disk."""
    code = bytearray(
        need_file(root, f"usr/lib/grub/{BIOS_PLATFORM}/boot.img", hint=BIOS_PACKAGES).read_bytes()[:BOOT_CODE_SIZE]
    )
    struct.pack_into("<Q", code, KERNEL_SECTOR_AT, core_start // SECTOR)
    # Some BIOSes hand over a wrong drive number; grub-bios-setup leaves the check out on hard disks too.
    code[DRIVE_CHECK_AT : DRIVE_CHECK_AT + 2] = NOPS
    return bytes(code)


def place_core(core: bytes, start: int, room: int) -> bytes:
    """core.img as it lies at byte `start` of the disk: its first sector says where the others are."""
    if len(core) > room:
        raise BootError(
            f"GRUB for BIOS has {len(core)} bytes and the bios-boot partition {room}",
            hint="give the partition with the role bios-boot 1 MiB",
        )
    placed = bytearray(core)
    struct.pack_into("<Q", placed, BLOCK_LIST_AT, start // SECTOR + 1)
    return bytes(placed)
