"""What answers are made of: the VM's description, the pool's one before it has an owner, and who seals and signs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from boatyard.cloud.machine import CloudVm
    from boatyard.cloud.state import State


class Seal(Protocol):
    """Certificates with their keys, as CMS (DER) that only the owner of a certificate (DER) can open."""

    def __call__(self, recipient: bytes, cipher: str) -> bytes: ...


class Attest(Protocol):
    """What a VM is, as signed CMS (DER); `cloud.attest.facts` are the facts."""

    def __call__(self, what: dict[str, Any]) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Site:
    """The fabric's knowledge. `pool`: the description that a pre-provisioned VM starts with."""

    vm: CloudVm
    pool: CloudVm | None = None
    seal: Seal | None = None
    attest: Attest | None = None

    def seen(self, state: State) -> CloudVm:
        """The description that the guest is given now."""
        return self.pool if state.pooled and self.pool is not None else self.vm
