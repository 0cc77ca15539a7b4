"""What this cloud is not: the sentences with which a report says how a VM here differs from one in Azure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from boatyard.cloud.machine import CloudVm

ALWAYS = (
    "There is no Hyper-V below the VM: no VMBus, hv_netvsc, hv_storvsc, key-value pairs or time from the host.",
    "The network card is a virtio one, without accelerated networking (SR-IOV, MANA).",
    "Disks and network have neither Azure's speed and latency nor its limits.",
    "The metadata service hands out no tokens, so what needs a managed identity cannot be tried.",
    "The attested document is signed by this cloud alone; who verifies it as Azure's must refuse it.",
    "The Azure agent finds no extensions to install.",
    "There is no load balancer, no network security group, no private DNS zone, no IPv6 and no other VM.",
    "Secure Boot and the virtual TPM are off.",
)
EMULATED = (
    "The processor is emulated, many times slower than a real one; what waits for a fixed time may fail here alone."
)
GENERATION_1 = "The firmware says Hyper-V where Azure's generation 1 says 7.0, so that agents know where they are."
RESOURCE_DISK = "The resource disk is no faster than the others."
LIMITED = "What egress does not allow is refused at once; in Azure connections to it would time out."


def not_emulated(
    vm: CloudVm, accelerator: Literal["kvm", "tcg"], egress: Literal["open", "list", "none"] = "open"
) -> tuple[str, ...]:
    """The sentences for this VM, run by that accelerator of QEMU, with that policy for egress."""
    told = [*ALWAYS]
    told += [EMULATED] if accelerator == "tcg" else []
    told += [GENERATION_1] if vm.generation == "gen1" else []
    told += [RESOURCE_DISK] if vm.resource_disk_gib else []
    told += [LIMITED] if egress != "open" else []
    return tuple(told)
