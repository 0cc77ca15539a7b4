"""What makes two machines of trials the same, so that one may go on from the other's snapshot."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import boatyard
from boatyard.base.digest import fingerprint, sha256_file
from boatyard.cloud.machine import Fault
from boatyard.vm.accel import find_hypervisor
from boatyard.vm.firmware import find_firmware
from boatyard.vm.qemu import cpu_model

if TYPE_CHECKING:
    from boatyard.flow.trial.order import Order
    from boatyard.vm.accel import Hypervisor
    from boatyard.vm.running import Harbour

RECIPE = 1
# The code that decides what the guest finds: a change in it makes another machine.
CODE = ("cloud/*.py", "vm/*.py", "flow/cloud*.py", "flow/trial/machine.py", "flow/trial/rest.py", "flow/trial/key.py")
CPU_INFO = Path("/proc/cpuinfo")


def snapshot_key(order: Order, harbour: Harbour) -> str:
    """The key; empty for a machine whose provisioning is itself what is tried: with faults, or for a later owner.

    Everything that decides what the machine is like counts, but for addresses that are others in each run: those of
    the repositories it is served (`order.supplied` stands for their content).
    """
    if not order.image or order.pool is not None or order.data or order.vm.fault != Fault():
        return ""
    hypervisor = find_hypervisor(order.arch, harbour.run, harbour.scratch / "hypervisor")
    firmware = find_firmware(order.arch) if order.vm.generation == "gen2" else None
    return fingerprint(
        [
            RECIPE,
            order.image,
            order.disk,
            order.vm,
            order.arch,
            order.memory_mib,
            order.cpus,
            order.egress,
            order.supplied,
            sorted(order.credentials),
            hypervisor.version,
            hypervisor.accelerator.option,
            cpu_model(order.arch, hypervisor.accelerator, stealth=True),
            _processor(hypervisor),
            "" if firmware is None else [str(firmware), sha256_file(firmware.code), sha256_file(firmware.variables)],
            _code(),
        ]
    )[:32]


def _processor(hypervisor: Hypervisor) -> str:
    """Guests on KVM know the host's own processor."""
    if hypervisor.accelerator.emulated:
        return ""
    first = CPU_INFO.read_text(encoding="utf-8").partition("\n\n")[0].splitlines()
    return "\n".join(line for line in first if line.partition("\t")[0] in ("model name", "flags", "Features"))


def _code() -> str:
    """A digest of this program's own files."""
    folder = Path(boatyard.__file__).parent
    whole = hashlib.sha256()
    for path in sorted(path for pattern in CODE for path in folder.glob(pattern)):
        whole.update(path.read_bytes())
    return whole.hexdigest()
