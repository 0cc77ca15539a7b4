"""What answers are made of: the VM's description, the pool's one before it has an owner, and who seals certificates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from boatyard.cloud.machine import CloudVm
    from boatyard.cloud.state import State


class Seal(Protocol):
    """Certificates with their keys, as CMS (DER) that only the owner of a certificate (DER) can open."""

    def __call__(self, recipient: bytes, cipher: str) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Site:
    """The fabric's knowledge. `pool`: the description that a pre-provisioned VM starts with."""

    vm: CloudVm
    pool: CloudVm | None = None
    seal: Seal | None = None

    def seen(self, state: State) -> CloudVm:
        """The description that the guest is given now."""
        return self.pool if state.pooled and self.pool is not None else self.vm
