"""QEMU's command line: golden, and what must never be in it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from boatyard.artifact.codec import load, save
from boatyard.artifact.machine import DirectBoot, Drive, Machine, Network, SmbiosTable, Subnet, authorized_key
from boatyard.vm.qemu import Accelerator, Firmware, qemu_argv
from boatyard_boot.arch import Arch

TCG = Accelerator("tcg", "single", cx16=False)
OVMF = Firmware(Path("/fw/CODE.fd"), "raw", Path("/fw/VARS.fd"), "raw")
FULL = Machine(
    name="web, 1",
    arch=Arch.X86_64,
    memory_mib=768,
    drives=(
        Drive(path=Path("/i/a,b.qcow2"), format="qcow2"),
        Drive(path=Path("/i/cd.iso"), kind="cdrom"),
        Drive(path=Path("/i/data.raw"), bus="scsi", keep_writes=True),
        Drive(path=Path("/i/fast.raw"), bus="nvme"),
        Drive(path=Path("/i/lun.raw"), bus="scsi", serial="s", vendor="Msft", product="Virtual Disk", target=1, lun=7),
    ),
    network=Network(),
    credentials=authorized_key("ssh-ed25519 AAAA test"),
    smbios=(SmbiosTable(type=3, fields={"manufacturer": "Ship, Yard & Co", "asset": "7783"}),),
    uuid="13f56399-bd52-4150-9748-7190aae1ff21",
    stealth=True,
    second_serial=Path("/log/b,1"),
)
GOLDEN = """\
qemu-system-x86_64
-name web,, 1
-nodefaults
-no-user-config
-display none
-sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny
-machine q35,sata=off
-accel tcg,thread=single,tb-size=128
-cpu max,erms=off,fsrm=off,tcg-cpuid=off,cx16=off
-smp 2
-m 768M
-uuid 13f56399-bd52-4150-9748-7190aae1ff21
-chardev socket,id=serial,path=serial.sock
-serial chardev:serial
-chardev file,id=second,path=/log/b,,1
-serial chardev:second
-chardev socket,id=qmp,path=qmp.sock
-mon chardev=qmp,mode=control
-drive if=pflash,unit=0,format=raw,readonly=on,file=/fw/CODE.fd
-drive if=pflash,unit=1,format=raw,snapshot=on,file=/fw/VARS.fd
-device VGA
-device virtio-rng-pci
-device virtio-scsi-pci,id=scsi
-drive if=none,id=drive0,format=qcow2,file=/i/a,,b.qcow2,discard=unmap,snapshot=on
-device virtio-blk-pci,drive=drive0,bootindex=0
-drive if=none,id=drive1,format=raw,file=/i/cd.iso,media=cdrom,readonly=on
-device scsi-cd,bus=scsi.0,drive=drive1,bootindex=1
-drive if=none,id=drive2,format=raw,file=/i/data.raw,discard=unmap
-device scsi-hd,bus=scsi.0,drive=drive2,bootindex=2
-drive if=none,id=drive3,format=raw,file=/i/fast.raw,discard=unmap,snapshot=on
-device nvme,serial=fast,drive=drive3,bootindex=3
-drive if=none,id=drive4,format=raw,file=/i/lun.raw,discard=unmap,snapshot=on
-device scsi-hd,bus=scsi.0,scsi-id=1,lun=7,vendor=Msft,product=Virtual Disk,serial=s,drive=drive4,bootindex=4
-netdev user,id=net0,restrict=on,ipv6=off,hostfwd=tcp:127.0.0.1:0-10.0.2.15:22
-device virtio-net-pci,netdev=net0,mac=52:54:00:12:34:56,romfile=
-device virtio-balloon-pci,id=balloon
-smbios type=3,manufacturer=Ship,, Yard & Co,asset=7783
-smbios type=11,value=io.systemd.credential.binary:ssh.authorized_keys.root=c3NoLWVkMjU1MTkgQUFBQSB0ZXN0Cg==
"""


def lines(argv: tuple[str, ...]) -> str:
    """One option a line."""
    return "".join(f"\n{word}" if word.startswith("-") else f" {word}" for word in argv).lstrip() + "\n"


def test_the_whole_command_line() -> None:
    assert lines(qemu_argv(FULL, TCG, OVMF)) == GOLDEN


def test_what_is_written_to_a_disk_is_logged() -> None:
    drive = Drive(path=Path("/i/a.raw"), keep_writes=True, write_log=Path("/log/a,1"))
    text = lines(qemu_argv(Machine(name="a", arch=Arch.X86_64, firmware="bios", drives=(drive,)), TCG, None))
    log = "log.driver=file,log.filename=/log/a,,1"
    raw = "file.driver=raw,file.file.driver=file,file.file.filename=/i/a.raw"
    assert f"\n-drive if=none,id=drive0,driver=blklogwrites,{raw},{log},discard=unmap\n" in text


def test_arm64_has_its_own_devices() -> None:
    machine = Machine(name="a", arch=Arch.AARCH64, direct=DirectBoot(Path("/k"), Path("/i"), "console=ttyAMA0"))
    text = lines(qemu_argv(machine, Accelerator("tcg", "multi"), OVMF))
    assert "\n-machine virt\n-accel tcg,thread=multi,tb-size=128\n-cpu max,pauth-impdef=on\n" in text
    assert "\n-device ramfb\n" in text
    assert text.endswith("\n-kernel /k\n-initrd /i\n-append console=ttyAMA0\n")


def test_a_kernel_given_directly_comes_before_the_drives() -> None:
    machine = msgspec.structs.replace(FULL, direct=DirectBoot(Path("/k")))
    assert "bootindex" not in lines(qemu_argv(machine, TCG, OVMF))


def test_kvm_gives_the_host_processor() -> None:
    assert "\n-accel kvm\n-cpu host,hypervisor=off\n" in lines(qemu_argv(FULL, Accelerator("kvm"), OVMF))
    frank = msgspec.structs.replace(FULL, stealth=False)
    assert "\n-accel kvm\n-cpu host\n" in lines(qemu_argv(frank, Accelerator("kvm"), OVMF))


@pytest.mark.parametrize("outward", [False, True])
def test_a_guest_reaches_out_only_when_asked(outward: bool) -> None:
    machine = msgspec.structs.replace(FULL, network=Network(outward=outward))
    assert ("restrict=off" in lines(qemu_argv(machine, TCG, OVMF))) == outward


def test_a_tapped_network_gives_every_frame_away() -> None:
    subnet = Subnet(network="10.1.0.0/24", guest="10.1.0.4", gateway="10.1.0.1", resolver="10.1.0.3")
    network = Network(outward=True, mac="60:45:bd:11:22:33", subnet=subnet, tapped=True)
    text = lines(qemu_argv(msgspec.structs.replace(FULL, network=network), TCG, OVMF))
    assert (
        """\
-netdev user,id=net0,restrict=off,ipv6=off,net=10.1.0.0/24,host=10.1.0.1,dns=10.1.0.3,dhcpstart=10.1.0.4,\
hostfwd=tcp:127.0.0.1:0-10.1.0.4:22
-chardev socket,id=from-guest.sock,path=from-guest.sock
-chardev socket,id=to-guest.sock,path=to-guest.sock
-chardev socket,id=from-network.sock,path=from-network.sock
-chardev socket,id=to-network.sock,path=to-network.sock
-object filter-redirector,id=tap-rx,netdev=net0,queue=rx,outdev=from-guest.sock,indev=to-network.sock
-object filter-redirector,id=tap-tx,netdev=net0,queue=tx,outdev=from-network.sock,indev=to-guest.sock
-device virtio-net-pci,netdev=net0,mac=60:45:bd:11:22:33,romfile=
"""
        in text
    )


def test_no_network_no_firmware_no_balloon() -> None:
    machine = Machine(name="a", arch=Arch.X86_64, firmware="bios", balloon=False)
    text = lines(qemu_argv(machine, TCG, None))
    assert not any(word in text for word in ("netdev", "pflash", "balloon", "-smbios"))


@pytest.mark.parametrize("word", ["virtfs", "9p", "virtiofs", "-monitor", "0.0.0.0", "smb=", "guestfwd", "tftp"])
def test_nothing_of_the_host_is_shared(word: str) -> None:
    assert word not in lines(qemu_argv(FULL, TCG, OVMF))


def test_machines_are_stored_and_read_back(tmp_path: Path) -> None:
    save(FULL, tmp_path / "machine.json")
    assert load(Machine, tmp_path / "machine.json") == FULL
