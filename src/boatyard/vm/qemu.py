"""From a machine to QEMU's command line. Pure.

What a guest can reach of the host is decided here: no shared folder, no monitor, no default device, QEMU's own seccomp
filter on, and no network beyond what `Network` says.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.artifact.machine import Drive, Machine, Network

# Names inside the folder QEMU runs in; relative, because a socket's path may have 107 bytes at most.
SERIAL_SOCKET = "serial.sock"
QMP_SOCKET = "qmp.sock"
NETDEV = "net0"
# Frames of a tapped network, in the order of `ports.frames.Tap`: from and to the guest, from and to the network.
TAP_SOCKETS = ("from-guest.sock", "to-guest.sock", "from-network.sock", "to-network.sock")

MACHINE_TYPE = {Arch.X86_64: "q35", Arch.AARCH64: "virt"}
# A versioned name of each, as firmware descriptors match them.
MACHINE_ALIAS = {Arch.X86_64: "pc-q35-7.2", Arch.AARCH64: "virt-7.2"}
# How much translated guest code an emulator keeps, in MiB. With its default of 1024 it throws none away, and after a
# restart whatever firmware and kernel write into memory is searched for code of the system that was there before: the
# second boot of a machine took 155 s of processor time and takes 57 s; the first, 76 s and 65 s.
TRANSLATED_MIB = 128
SANDBOX = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"


@dataclass(frozen=True, slots=True)
class Firmware:
    """UEFI code and the template of its variables, with their formats (raw or qcow2)."""

    code: Path
    code_format: str
    variables: Path
    variables_format: str


@dataclass(frozen=True, slots=True)
class Accelerator:
    """How guest code runs. `thread` and `cx16` count for tcg only; see `vm.accel` for what they avoid."""

    kind: Literal["kvm", "tcg"]
    thread: Literal["single", "multi"] = "multi"
    cx16: bool = True

    @property
    def option(self) -> str:
        return self.kind if self.kind == "kvm" else f"tcg,thread={self.thread},tb-size={TRANSLATED_MIB}"

    @property
    def emulated(self) -> bool:
        return self.kind == "tcg"


def program(arch: Arch) -> str:
    """The QEMU program that runs machines of an architecture."""
    return f"qemu-system-{arch}"


def cpu_model(arch: Arch, accelerator: Accelerator, *, stealth: bool = False) -> str:
    """Everything the accelerator can give: distributions with an x86-64-v3 baseline do not start on less."""
    if accelerator.kind == "kvm":
        return "host" + (",hypervisor=off" if stealth and arch is Arch.X86_64 else "")
    if arch is Arch.AARCH64:
        return "max,pauth-impdef=on"  # the architected algorithm is ten times slower to emulate
    # SVM stays: with svm=off QEMU 7.2 emulates so wrongly that BusyBox of Debian 13 aborts in the initrd.
    # Emulated, `rep stosb` and `rep movsb` go byte by byte; without ERMS Linux uses those that move eight at once. That
    # saves a tenth of a boot, and minutes where Linux clears memory that held GRUB's code, with QEMU 7.2.
    fast = "max,erms=off,fsrm=off"
    return fast + (",tcg-cpuid=off" if stealth else "") + ("" if accelerator.cx16 else ",cx16=off")


def qemu_argv(
    machine: Machine, accelerator: Accelerator, firmware: Firmware | None, *, waiting: bool = False
) -> tuple[str, ...]:
    """The whole command line. QEMU connects its serial port and QMP to sockets that listen in its working folder.

    `firmware` is needed when the machine's firmware is uefi. A `waiting` machine is off until it is given a state. That
    QEMU is the connecting side is meant: if Boatyard dies before QEMU has started, nobody listens and it ends at once.
    """
    argv = [program(machine.arch), "-name", _value(machine.name), "-nodefaults", "-no-user-config"]
    argv += ["-display", "none", "-sandbox", SANDBOX]
    argv += ["-machine", _machine_type(machine.arch), "-accel", accelerator.option]
    argv += ["-cpu", cpu_model(machine.arch, accelerator, stealth=machine.stealth)]
    argv += ["-smp", str(machine.cpus), "-m", f"{machine.memory_mib}M"]
    if machine.uuid:
        argv += ["-uuid", machine.uuid]
    argv += ["-chardev", f"socket,id=serial,path={SERIAL_SOCKET}", "-serial", "chardev:serial"]
    if machine.second_serial is not None:
        argv += ["-chardev", f"file,id=second,path={_file(machine.second_serial)}", "-serial", "chardev:second"]
    argv += ["-chardev", f"socket,id=qmp,path={QMP_SOCKET}", "-mon", "chardev=qmp,mode=control"]
    if machine.firmware == "uefi":
        assert firmware is not None
        argv += _flash(firmware)
    # A screen to photograph when the serial port is mute, and entropy, which a young guest lacks.
    argv += ["-device", "VGA" if machine.arch is Arch.X86_64 else "ramfb", "-device", "virtio-rng-pci"]
    argv += _drives(machine.drives, bootable=machine.direct is None)
    argv += _network(machine.network)
    if machine.balloon:
        argv += ["-device", "virtio-balloon-pci,id=balloon"]
    if machine.generation_id:
        argv += ["-device", "vmgenid,guid=auto"]
    if machine.direct is not None:
        argv += ["-kernel", str(machine.direct.kernel.absolute())]
        argv += ["-initrd", str(machine.direct.initrd.absolute())] if machine.direct.initrd else []
        argv += ["-append", machine.direct.cmdline] if machine.direct.cmdline else []
    argv += ["-S", "-incoming", "defer"] if waiting else []
    return (*argv, *_smbios(machine))


def _machine_type(arch: Arch) -> str:
    """Without q35's SATA controller: nothing hangs on it, and a guest looks for disks at its six ports."""
    return MACHINE_TYPE[arch] + (",sata=off" if arch is Arch.X86_64 else "")


def _flash(firmware: Firmware) -> list[str]:
    code, variables = firmware.code, firmware.variables
    return [
        "-drive",
        f"if=pflash,unit=0,format={firmware.code_format},readonly=on,file={_file(code)}",
        "-drive",
        f"if=pflash,unit=1,format={firmware.variables_format},snapshot=on,file={_file(variables)}",
    ]


def drive_name(index: int) -> str:
    """What QEMU calls a drive of a machine, by its place among them."""
    return f"drive{index}"


def _drives(drives: tuple[Drive, ...], *, bootable: bool) -> list[str]:
    argv: list[str] = []
    if any(drive.kind == "cdrom" or drive.bus == "scsi" for drive in drives):
        argv += ["-device", "virtio-scsi-pci,id=scsi"]
    for index, drive in enumerate(drives):
        name = drive_name(index)
        options = f"if=none,id={name},{_image(drive)}"
        if drive.kind == "cdrom":
            options += ",media=cdrom,readonly=on"
        else:
            options += ",discard=unmap" + ("" if drive.keep_writes else ",snapshot=on")
        argv += ["-drive", options]
        order = f",bootindex={index}" if bootable else ""  # a kernel given directly is the first itself
        argv += ["-device", f"{_device(drive)},drive={name}{order}"]
    return argv


def _image(drive: Drive) -> str:
    if drive.write_log is None:
        return f"format={drive.format},file={_file(drive.path)}"
    image = f"file.driver={drive.format},file.file.driver=file,file.file.filename={_file(drive.path)}"
    return f"driver=blklogwrites,{image},log.driver=file,log.filename={_file(drive.write_log)}"


def _device(drive: Drive) -> str:
    serial = f",serial={_value(drive.serial)}" if drive.serial else ""
    if drive.kind == "cdrom":
        return "scsi-cd,bus=scsi.0"
    if drive.bus == "scsi":
        return f"scsi-hd,bus=scsi.0{_scsi(drive)}{serial}"
    if drive.bus == "nvme":  # it must have one
        return f"nvme{serial or ',serial=' + _value(drive.path.stem[:20] or 'disk')}"
    return f"virtio-blk-pci{serial}"


def _scsi(drive: Drive) -> str:
    place = f",scsi-id={drive.target},lun={drive.lun}" if drive.target >= 0 else ""
    words = (("vendor", drive.vendor), ("product", drive.product))
    return place + "".join(f",{key}={_value(value)}" for key, value in words if value)


def _network(network: Network | None) -> list[str]:
    if network is None:
        return []
    restrict, guest, where = "off" if network.outward else "on", "10.0.2.15", ""
    if (subnet := network.subnet) is not None:
        guest = subnet.guest
        where = f",net={subnet.network},host={subnet.gateway},dns={subnet.resolver},dhcpstart={guest}"
    user = f"user,id={NETDEV},restrict={restrict},ipv6=off{where},hostfwd=tcp:127.0.0.1:0-{guest}:22"
    argv = ["-netdev", user, *(_tap() if network.tapped else [])]
    return [*argv, "-device", f"virtio-net-pci,netdev={NETDEV},mac={network.mac},romfile="]


def _tap() -> list[str]:
    """Two filters that take every frame away and pass on what comes back. To QEMU, rx is what its network receives."""
    argv: list[str] = []
    for name in TAP_SOCKETS:
        argv += ["-chardev", f"socket,id={name},path={name}"]
    from_guest, to_guest, from_network, to_network = TAP_SOCKETS
    for queue, taken, given in (("rx", from_guest, to_network), ("tx", from_network, to_guest)):
        argv += [
            "-object",
            f"filter-redirector,id=tap-{queue},netdev={NETDEV},queue={queue},outdev={taken},indev={given}",
        ]
    return argv


def _smbios(machine: Machine) -> list[str]:
    argv: list[str] = []
    for table in machine.smbios:
        fields = "".join(f",{key}={_value(value)}" for key, value in table.fields.items())
        argv += ["-smbios", f"type={table.type}{fields}"]
    for name, value in sorted(machine.credentials.items()):
        text = base64.b64encode(value).decode()
        argv += ["-smbios", f"type=11,value=io.systemd.credential.binary:{_value(name)}={text}"]
    return argv


def _value(text: str) -> str:
    """A value inside a list of QEMU options: a comma is written twice."""
    return text.replace(",", ",,")


def _file(path: Path) -> str:
    """QEMU runs in a folder of its own, and takes `word:` at the start of a name for a protocol."""
    return _value(str(path.absolute()))
