"""A virtual machine as a value: what hardware it has. How QEMU is told is `vm.qemu`'s subject."""

from pathlib import Path
from typing import Literal

import msgspec

from boatyard.artifact.codec import Artifact
from boatyard_boot.arch import Arch


class Drive(Artifact, frozen=True):
    """A disk or CD of a machine. `format` is QEMU's name and is always given, never guessed by QEMU.

    Writes go to a throw-away layer that vanishes with the machine, unless `keep_writes`; a CD takes none. `serial`: its
    number, empty for QEMU's choice. `vendor`, `product` (at most 8 and 16 characters), `target` and `lun` count on the
    SCSI bus: what the disk says it is, and its place; a negative target is QEMU's choice. `write_log`: an empty file
    that gets every write and flush in order, in the format of Linux' dm-log-writes.
    """

    path: Path
    format: Literal["raw", "qcow2", "vpc", "vhdx", "vmdk"] = "raw"
    kind: Literal["disk", "cdrom"] = "disk"
    bus: Literal["virtio", "scsi", "nvme"] = "virtio"
    keep_writes: bool = False
    serial: str = ""
    vendor: str = ""
    product: str = ""
    target: int = -1
    lun: int = 0
    write_log: Path | None = None


class Subnet(Artifact, frozen=True):
    """Addresses of QEMU's user network other than its own 10.0.2.0/24; `network` with its prefix."""

    network: str
    guest: str
    gateway: str
    resolver: str


class Network(Artifact, frozen=True):
    """One card on QEMU's user network (10.0.2.0/24), with the guest's port 22 forwarded to loopback of the host.

    The kernel of the host chooses the forwarded port while QEMU binds it, so no two machines can clash.
    Without `outward` the guest reaches nothing; with it, it reaches the network, and the host's loopback at the
    gateway. `tapped`: every frame goes through a handler that `vm.running.boot` is given, which decides what it does.
    """

    outward: bool = False
    mac: str = "52:54:00:12:34:56"
    subnet: Subnet | None = None
    tapped: bool = False


class DirectBoot(Artifact, frozen=True):
    """A kernel given to the machine without firmware menu or boot loader: quick, but tests neither."""

    kernel: Path
    initrd: Path | None = None
    cmdline: str = ""


class SmbiosTable(Artifact, frozen=True):
    """One SMBIOS table, as `qemu-system -smbios type=N,key=value` takes it (DMI strings the guest can read)."""

    type: int
    fields: dict[str, str]


class Machine(Artifact, frozen=True):
    """What a guest finds. Memory in MiB.

    `credentials`: systemd system credentials (systemd.system-credentials(7)), handed over as SMBIOS type 11 strings;
    every user of the host can read them in the process list, so they may hold public keys, not secrets.
    `second_serial`: the machine has a second serial port, and what the guest writes to it goes to that file.
    `generation_id`: the firmware tells the guest when it goes on from a saved state, so that its random numbers differ
    from those of others that do (x86-64 alone).
    `stealth` hides QEMU and KVM in the processor, so that the DMI strings decide what systemd-detect-virt says.
    """

    name: str
    arch: Arch
    memory_mib: int = 1024
    cpus: int = 2
    firmware: Literal["uefi", "bios"] = "uefi"
    drives: tuple[Drive, ...] = ()
    network: Network | None = None
    balloon: bool = True
    direct: DirectBoot | None = None
    credentials: dict[str, bytes] = msgspec.field(default_factory=dict)
    smbios: tuple[SmbiosTable, ...] = ()
    uuid: str = ""
    second_serial: Path | None = None
    stealth: bool = False
    generation_id: bool = False


def authorized_key(public_key: str) -> dict[str, bytes]:
    """The credential that lets a key log in as root (systemd ≥ 252: tmpfiles writes /root/.ssh/authorized_keys)."""
    return {"ssh.authorized_keys.root": public_key.strip().encode() + b"\n"}
