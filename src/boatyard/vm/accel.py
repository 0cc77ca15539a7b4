"""Which accelerator works here: KVM is tried with a real guest, because /dev/kvm may exist and not work.

The guest is a boot sector that enters 64-bit mode with paging on the processor model real guests get: on hosts that
are virtual machines themselves, KVM is known to run 16-bit code and to hang in the next step.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from boatyard.artifact.codec import Artifact, load, save
from boatyard.base.digest import fingerprint
from boatyard.base.error import BoatyardError, ToolError
from boatyard.ports.files import temporary_dir
from boatyard.ports.run import Command, Runner
from boatyard.vm.qemu import MACHINE_TYPE, Accelerator, cpu_model, program
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from boatyard.ports.run import Result

KVM = Path("/dev/kvm")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
PROBE_DEADLINE_S = 10.0  # emulated it takes 0.2 s
# Emulation by older QEMU is not sound. With 7.2 and thread=multi 8 of 18 boots of a Linux 6.12 guest ended in panics or
# freezes. Its CMPXCHG16B leaves garbage in EFLAGS, which Linux meets in kmalloc: 4 of 6 boots ended badly with
# thread=single, 0 of 8 with that instruction switched off as well. A guest without it is no x86-64-v2 machine, so
# systems with that baseline need KVM or a newer QEMU.
FIRST_SOUND_TCG = 8

# cli; clear segments; page tables at 0x1000 mapping 2 MiB; lgdt; CR4.PAE; EFER.LME; CR0.PG|PE; far jump to 64-bit
# code; out 0xf4, 0x10 (isa-debug-exit makes it exit code 0x10 << 1 | 1); hlt.
X86_64_PROBE = bytes.fromhex(
    "fa31c08ed88ec08ed0bc007cbf0010b90018fcf3abc70600100320c70600200330c706003083000f0116787c66b8a00000000f22e066b80010"
    "00000f22d866b9800000c00f32660d000100000f300f20c0660d010000800f22c0ea5f7c0800b010e6f4f4ebfd6690000000000000000000"
    "000000009a20000f00687c0000"
)
X86_64_PASSED = 0x10 << 1 | 1
# Writes "B" to the PL011 at 0x9000000, then PSCI SYSTEM_OFF by hvc.
AARCH64_PROBE = bytes.fromhex("0020a1d241088052010000b9000180d20080b0f2020000d400000014")
DISK_SIZE = 1 << 20  # SeaBIOS boots no smaller one


class Hypervisor(Artifact, frozen=True):
    """QEMU of this host for one architecture. `why` tells why KVM is not used, empty when it is."""

    arch: Arch
    version: tuple[int, int, int]
    kind: str
    why: str = ""

    @property
    def accelerator(self) -> Accelerator:
        if self.kind == "kvm":
            return Accelerator("kvm")
        if self.version[0] >= FIRST_SOUND_TCG:
            return Accelerator("tcg", "multi")
        return Accelerator("tcg", "single", cx16=False)


def find_hypervisor(arch: Arch, run: Runner, cache: Path) -> Hypervisor:
    """QEMU's version and the accelerator that works; the answer is kept in the folder `cache` until the next boot.

    ToolError when QEMU is not installed.
    """
    version = qemu_version(run(Command(argv=(program(arch), "--version"))).text)
    boot_id = BOOT_ID.read_text(encoding="ascii").strip() if BOOT_ID.exists() else ""
    key = fingerprint([arch, list(version), boot_id, KVM.exists()])[:16]
    kept = cache / f"{program(arch)}-{key}.json"
    if kept.exists():
        return load(Hypervisor, kept)
    why = why_not_kvm(arch, run, cache)
    found = Hypervisor(arch=arch, version=version, kind="tcg" if why else "kvm", why=why)
    save(found, kept)
    return found


def qemu_version(text: str) -> tuple[int, int, int]:
    """`QEMU emulator version 7.2.22 (Debian …)` → (7, 2, 22); ToolError for another text."""
    match = re.search(r"QEMU emulator version (\d+)\.(\d+)\.(\d+)", text)
    if match is None:
        raise ToolError("QEMU does not tell its version", detail=text[:500])
    return int(match[1]), int(match[2]), int(match[3])


def why_not_kvm(arch: Arch, run: Runner, scratch: Path) -> str:
    """Empty when a guest runs on KVM to its end; otherwise the reason, for people."""
    try:
        native = Arch.of_host()
    except ValueError:
        return "the host's architecture is not known"
    if arch is not native:
        return f"{arch} is foreign on this host"
    if not KVM.exists():
        return f"{KVM} does not exist"
    try:
        passed = probe(arch, Accelerator("kvm"), run, scratch)
    except BoatyardError as error:
        return f"a test guest did not run on KVM: {error.problems[0].what}"
    return "" if passed else "a test guest on KVM ended without its sign of life"


def probe(arch: Arch, accelerator: Accelerator, run: Runner, scratch: Path) -> bool:
    """Whether the test guest gives its sign of life; ToolError when QEMU fails or the guest hangs."""
    with temporary_dir(scratch) as folder:
        if arch is Arch.X86_64:
            guest = folder / "probe.img"
            guest.write_bytes(X86_64_PROBE.ljust(510, b"\0") + b"\x55\xaa" + bytes(DISK_SIZE - 512))
            boot = ("-drive", "if=ide,format=raw,snapshot=on,file=probe.img")
            signal = ("-device", "isa-debug-exit,iobase=0xf4,iosize=4")
            return _run_guest(arch, accelerator, run, folder, (*boot, *signal)).code == X86_64_PASSED
        (folder / "probe.bin").write_bytes(AARCH64_PROBE)
        boot = ("-kernel", "probe.bin")
        return b"B" in _run_guest(arch, accelerator, run, folder, (*boot, "-serial", "stdio")).stdout


def _run_guest(arch: Arch, accelerator: Accelerator, run: Runner, folder: Path, options: tuple[str, ...]) -> Result:
    argv = (program(arch), "-nodefaults", "-no-user-config", "-display", "none", "-m", "64M")
    how = ("-machine", MACHINE_TYPE[arch], "-accel", accelerator.option, "-cpu", cpu_model(arch, accelerator))
    return run(
        Command(
            argv=(*argv, *how, *options),
            cwd=folder,
            env={"TMPDIR": str(folder)},
            ok=(0, X86_64_PASSED),
            timeout_s=PROBE_DEADLINE_S,
        )
    )
