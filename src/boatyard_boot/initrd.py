"""The initrd: BusyBox, the drivers of disks, e2fsck, LVM and a short init script (data/init).

It serves the live ISO and installed disks alike and does not depend on the machine it is built on.
"""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from boatyard_boot import elf
from boatyard_boot.cpio import Entry, archive, character_device, directory, link, regular
from boatyard_boot.error import BootError
from boatyard_boot.module import MODULES, module_bytes, read_index, subset_index
from boatyard_boot.tree import find_file, need_file, resolve

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from boatyard_boot.module import Unpack

UNWINDER = "libgcc_s.so.1"
APPLETS = (
    "cat", "dd", "echo", "find", "findfs", "halt", "losetup", "ls", "mkdir", "mkfifo", "modprobe", "mount", "od", "rm",
    "sed", "setsid", "sh", "sleep", "sort", "stty", "switch_root", "sync", "tr", "umount", "xargs",
)  # fmt: skip
# The buses and disks of QEMU, Hyper-V and Azure, and of ordinary servers; what a kernel lacks is left out.
DRIVERS = (
    "virtio_pci", "virtio_mmio", "virtio_blk", "virtio_scsi", "hv_vmbus", "hv_storvsc", "hv_netvsc", "pci_hyperv",
    "nvme", "ahci", "ata_piix", "sd_mod", "sr_mod", "usb_storage", "uas", "xhci_pci", "ehci_pci", "megaraid_sas",
    "mpt3sas", "vmw_pvscsi", "mptspi", "xen_blkfront",
)  # fmt: skip
# Without these a live ISO or a disk cannot be mounted at all.
NEEDED = ("loop", "isofs", "squashfs", "overlay", "ext4", "dm_mod", "virtio_blk", "sr_mod")
OTHERS = (
    "xfs", "vfat", "nls_ascii", "nls_cp437", "nls_iso8859_1", "nls_utf8", "dm_snapshot", "dm_mirror", "crc32c_generic",
    "crc32c_intel",
)  # fmt: skip
# What a passphrase is typed on, besides a serial port.
KEYBOARDS = ("atkbd", "i8042", "hid_generic", "hyperv_keyboard", "usbhid", "virtio_input")
# What LUKS containers are made with (cryptsetup's default is aes-xts-plain64 and sha256), and faster ways to the same.
CRYPT_NEEDED = ("dm_crypt", "xts")
CRYPT_OTHERS = (
    "aesni_intel", "aes_generic", "aes_arm64", "aes_ce_blk", "aes_neon_blk", "cbc", "ecb", "essiv", "sha256_ssse3",
    "sha512_ssse3", "sha256_generic", "sha512_generic", "sha2_ce", "af_alg", "algif_skcipher", "algif_hash",
)  # fmt: skip


def inputs(modules: Sequence[str]) -> list[object]:
    """What an initrd is made of besides the root, as plain data: a change gives another initrd."""
    return [sorted(modules), init_script().decode(), APPLETS, DRIVERS, NEEDED, OTHERS]


def make_initrd(
    root: Path, kernel: str, *, epoch: int, unpack: Unpack, modules: Sequence[str] = (), crypt: bool = False
) -> bytes:
    """The initrd of a kernel, a cpio archive not yet compressed.

    `modules`: more of them by name; `crypt`: it can open LUKS containers. The same root gives the same bytes.
    BootError when the root lacks BusyBox, a module or a program that is needed.
    """
    needed = (*NEEDED, *(CRYPT_NEEDED if crypt else ()), *modules)
    others = (*DRIVERS, *OTHERS, *((*CRYPT_OTHERS, *KEYBOARDS) if crypt else ()))
    members = [*_skeleton(), *_programs(root, crypt=crypt), *_modules(root, kernel, needed, others, unpack)]
    return archive(members, epoch=epoch)


def init_script() -> bytes:
    """The initrd's first program."""
    return resources.files("boatyard_boot").joinpath("data/init").read_bytes()


def _skeleton() -> list[Entry]:
    folders = ("proc", "sys", "dev", "run", "tmp", "etc", "newroot", "usr/bin", "usr/sbin", "usr/lib", "usr/lib64")
    return [
        *(directory(name) for name in folders),
        *(link(name, f"usr/{name}") for name in ("bin", "sbin", "lib", "lib64")),
        # The kernel opens the console before devtmpfs is mounted.
        character_device("dev/console", 5, 1, 0o600),
        character_device("dev/null", 1, 3, 0o666),
        link("etc/mtab", "/proc/self/mounts"),
        regular("init", init_script(), 0o755),
    ]


def _programs(root: Path, *, crypt: bool) -> list[Entry]:
    busybox = need_file(
        root, "usr/bin/busybox", "usr/sbin/busybox", hint="add the package busybox (Debian: busybox-static)"
    ).read_bytes()
    try:
        static = not elf.needs(busybox).interpreter
    except ValueError as error:
        raise BootError(f"busybox in the root file system: {error}") from error
    if not static:
        raise BootError(
            "busybox in the root file system is not static", hint="add the package busybox-static to the image"
        )
    # e2fsck and LVM are there only for images that use them.
    programs = [f"usr/sbin/{name}" for name in ("e2fsck", "lvm") if find_file(root, f"usr/sbin/{name}")]
    if crypt:
        programs += _crypt_programs(root)
    files = elf.closure(root, programs)
    return [
        regular("usr/bin/busybox", busybox, 0o755),
        *(link(f"usr/bin/{applet}", "busybox") for applet in APPLETS),
        # Where the kernel looks for it when it needs a module itself: a cipher, a checksum.
        link("usr/sbin/modprobe", "../bin/busybox"),
        *(regular(name, file.read_bytes(), 0o755) for name, file in files.items()),
    ]


def _crypt_programs(root: Path) -> list[str]:
    need_file(root, "usr/sbin/cryptsetup", hint="add the package cryptsetup: /etc/crypttab names the root's container")
    # Threads of Argon2 end in pthread_exit, which loads this library when it is called.
    unwinder = next((folder for folder in elf.LIBRARY_DIRS if find_file(root, f"{folder}/{UNWINDER}")), None)
    return ["usr/sbin/cryptsetup", *([f"{unwinder}/{UNWINDER}"] if unwinder else [])]


def _modules(root: Path, kernel: str, needed: Sequence[str], others: Sequence[str], unpack: Unpack) -> list[Entry]:
    index = read_index(root, kernel)
    missing = [name for name in needed if not index.has(name.replace("-", "_"))]
    if missing:
        raise BootError(
            f"the kernel {kernel} has no {', '.join(missing)}, which the initrd needs",
            hint="take a kernel built with them, or correct `initrd-modules`",
        )
    names = index.closure((*needed, *others))
    folder = f"{MODULES}/{kernel}"
    members = [regular(f"{folder}/{name}", data) for name, data in subset_index(index, names).items()]
    for name in names:
        file = resolve(root, f"{folder}/{index.path[name]}")
        plain = f"{index.path[name].partition('.ko')[0]}.ko"
        members.append(regular(f"{folder}/{plain}", module_bytes(file, unpack)))
    return members
