"""What this cloud is not: the sentences with which a report says how a VM here differs from one in Azure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from boatyard.cloud.machine import CloudVm

ALWAYS = (
    "There is no Hyper-V below the VM: its devices are virtio ones, without VMBus, hv_netvsc, hv_storvsc, key-value pairs "
    "or time from the host. What waits for those drivers or for /dev/ptp_hyperv waits in vain.",
    "The network card has no accelerated networking (SR-IOV, MANA), and its speed and latency are this machine's.",
    "Disks have neither Azure's latency and limits nor its throttling; those of the image's own bus are no LUNs.",
    "The metadata service hands out no tokens: managed identities, and what needs them (Key Vault, storage, registries), "
    "cannot be tried.",
    "The attested document is signed by this cloud alone; who verifies it as Azure's must refuse it.",
    "The Azure agent finds no extensions to install; custom script extensions and the like do not run.",
    "There is no load balancer, no network security group, no private DNS zone and no IPv6; the subnet has no other VM.",
    "Secure Boot and the virtual TPM are off.",
)
EMULATED = (
    "The processor is emulated, many times slower than a real one: times say little about Azure, and programs that wait "
    "for a fixed time may fail here alone."
)
GENERATION_1 = "The firmware says Hyper-V where Azure's generation 1 says 7.0, so that agents know where they are."
RESOURCE_DISK = "The resource disk is as slow and as safe as any other; it is new after every start of a trial."
LISTED = "What egress does not allow is refused at once, and its name does not exist; in Azure connections to it would time out."


def not_emulated(
    vm: CloudVm, accelerator: Literal["kvm", "tcg"], egress: Literal["open", "list", "none"] = "open"
) -> tuple[str, ...]:
    """The sentences for this VM, run by that accelerator of QEMU, with that policy for egress."""
    told = [*ALWAYS]
    told += [EMULATED] if accelerator == "tcg" else []
    told += [GENERATION_1] if vm.generation == "gen1" else []
    told += [RESOURCE_DISK] if vm.resource_disk_gib else []
    told += [LISTED] if egress != "open" else []
    return tuple(told)
