"""What makes the target boot: mounts, containers, kernel, menu and boot loaders for UEFI and BIOS."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from boatyard_boot import grub
from boatyard_boot.arch import Arch
from boatyard_boot.durable import replace_file
from boatyard_boot.fstab import by_uuid, fstab
from boatyard_boot.gpt import Row, Table, type_id, write_table
from boatyard_boot.kernel import CMDLINE, add_kernel
from boatyard_boot.layout import Role
from boatyard_boot.tree import find_file
from boatyard_installer.perform.storage import TARGET
from boatyard_installer.plan import container_id, container_name, filesystem_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boatyard_boot.layout import Filesystem, Partition
    from boatyard_installer.run import Run
    from boatyard_installer.step import Plan

TIMEOUT_S = 1
SCRATCH = Path("/run/boatyard/loader")
# Arguments of the live system that are its own; the others (consoles, quirks of the machine) are kept.
OWN = (
    "live=", "boatyard.", "systemd.unit=", "systemd.condition_first_boot=", "BOOT_IMAGE=", "initrd=", "root=",
    "rd.luks",
)  # fmt: skip
OWN_WORDS = ("ro", "rw")


def prepare_boot(plan: Plan, run: Run, cmdline: str) -> dict[Role, bytes]:
    """Writes everything into the target; gives the boot loaders by the partition they belong in.

    `cmdline`: of the running kernel.
    """
    names = mount_names(plan)
    replace_file(TARGET / "etc/fstab", fstab(plan.layout, names).encode())
    if crypttab := crypttab_lines(plan):
        replace_file(TARGET / "etc/crypttab", crypttab.encode(), 0o600)
    replace_file(TARGET / CMDLINE, f"{' '.join(kernel_arguments(plan, cmdline))}\n".encode())
    boot = TARGET / "boot"
    replace_file(boot / "grub/grub.cfg", grub.disk_menu(TIMEOUT_S).encode())
    # The medium's initrd starts disks too; one that asks for a passphrase is made here.
    initrd = None if crypttab else (plan.medium.folder / "boot/initrd.img").read_bytes()
    add_kernel(TARGET, plan.medium.kernel, plan.medium.folder / "boot/vmlinuz", initrd=initrd)
    loaders = make_loaders(plan, run)
    if Role.ESP in loaders:
        esp = next(f.mount for f in plan.layout.filesystems if plan.layout.partition_of(f.on).role == Role.ESP)
        folder = TARGET / esp.lstrip("/") / "EFI/BOOT"
        replace_file(folder / Arch(plan.medium.arch).efi_file, loaders[Role.ESP])
    return loaders


def mount_names(plan: Plan) -> dict[str, str]:
    """What mount(8) calls every place: volumes by their name, since a UUID is unseen until the volume is active."""
    return {
        one.on: plan.devices[one.on] if one.on in plan.volumes else by_uuid(one, filesystem_id(plan.places, one))
        for one in plan.layout.filesystems
    }


def crypttab_lines(plan: Plan) -> str:
    """/etc/crypttab; the container that the root is in is opened in the initrd."""
    lines = []
    for partition in plan.layout.partitions:
        if partition.encrypt:
            options = "luks,x-initrd.attach" if partition == _root_partition(plan) else "luks"
            identity = container_id(plan.places, partition.name)
            lines.append(f"{container_name(plan.places, partition.name)} UUID={identity} none {options}\n")
    return "".join(lines)


def kernel_arguments(plan: Plan, cmdline: str) -> tuple[str, ...]:
    """The kernel command line of the installed system; each word once."""
    kept = [word for word in cmdline.split() if not word.startswith(OWN) and word not in OWN_WORDS]
    partition = _root_partition(plan)
    luks = [f"rd.luks.uuid={container_id(plan.places, partition.name)}"] if partition.encrypt else []
    words = [f"root={mount_names(plan)[_root(plan).on]}", "ro", *luks, *kept, *plan.answers.kernel.arguments]
    return tuple(dict.fromkeys(words))


def make_loaders(plan: Plan, run: Run) -> dict[Role, bytes]:
    """GRUB for each way to start that the layout has a partition for, whatever this machine uses: the disk may move."""
    boot = plan.layout.mounted_on("/boot")
    holder = boot or _root(plan)
    identity = by_uuid(holder, filesystem_id(plan.places, holder)).removeprefix("UUID=")
    SCRATCH.mkdir(parents=True, exist_ok=True)
    early = SCRATCH / "early.cfg"
    early.write_text(grub.search_by_uuid(identity, "/grub" if boot else "/boot/grub"))
    wanted = {Role.ESP: grub.efi_loader(Arch(plan.medium.arch)), Role.BIOS_BOOT: grub.BIOS_LOADER}
    made: dict[Role, bytes] = {}
    for role, loader in wanted.items():
        if any(partition.role == role for partition in plan.layout.partitions):
            if role == Role.BIOS_BOOT and not grub.has_bios(Path("/")):
                continue
            output = SCRATCH / loader.target
            run(*grub.mkimage_argv(Path("/"), loader, early=str(early), output=str(output)))
            made[role] = output.read_bytes()
    return made


def partition_table(plan: Plan, loaders: Mapping[Role, bytes]) -> tuple[Table, dict[int, bytes]]:
    """The partition table with the BIOS's boot code, and what else is written outside file systems, by its place."""
    arch, places = Arch(plan.medium.arch), plan.places
    rows = [
        Row(name=slot.name, type_id=type_id(slot.role, arch), id=slot.id, start=slot.start, size=slot.size)
        for slot in places.slots
    ]
    core = places.with_role(Role.BIOS_BOOT)
    code, extra = b"", {}
    if core is not None and Role.BIOS_BOOT in loaders:
        code = grub.bios_boot_code(Path("/"), core.start)
        extra[core.start] = grub.place_core(loaders[Role.BIOS_BOOT], core.start, core.size)
    return write_table(rows, disk_size=plan.disk.size, disk_id=places.id, boot_code=code), extra


def register(plan: Plan, run: Run) -> None:
    """Puts the disk first in the firmware's list, so that a medium left in the drive is not started again.

    Only a wish: without the entry firmware finds EFI/BOOT, so what fails here is in the log and no error.
    """
    number = next((n for n, one in enumerate(plan.layout.partitions, 1) if one.role == Role.ESP), 0)
    if plan.firmware != "uefi" or not number or not find_file(Path("/"), "usr/bin/efibootmgr", "usr/sbin/efibootmgr"):
        return
    loader = f"\\EFI\\BOOT\\{Arch(plan.medium.arch).efi_file}"
    every = tuple(range(256))
    run(
        "efibootmgr", "--quiet", "--create", "--disk", plan.disk.device, "--part", str(number),
        "--label", plan.medium.title, "--loader", loader, ok=every,
    )  # fmt: skip


def _root(plan: Plan) -> Filesystem:
    return next(filesystem for filesystem in plan.layout.filesystems if filesystem.mount == "/")


def _root_partition(plan: Plan) -> Partition:
    return plan.layout.partition_of(_root(plan).on)
