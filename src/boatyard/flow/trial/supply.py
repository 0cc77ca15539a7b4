"""The repositories that an image was made from, served to the machine of a trial as long as it runs."""

from __future__ import annotations

import contextlib
import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from boatyard.base.digest import fingerprint, sha256_file
from boatyard.flow.check import URL_FILE
from boatyard.flow.trial.machine import wake
from boatyard.ports.serve import serving

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from boatyard.cloud.machine import CloudVm
    from boatyard.flow.trial.image import TrialDisk
    from boatyard.flow.trial.order import Order
    from boatyard.vm.ssh import Shell

APART = "The repositories of the image are in several places, so they are not served to the machine."


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """`url`: the repositories as the guest sees them, empty when none are served; `port`: of this machine's loopback.

    `content`: a digest of what the repositories say of themselves. `note`: what is to be said about it.
    """

    url: str = ""
    content: str = ""
    port: int = 0
    note: str = ""

    @property
    def host_ports(self) -> frozenset[int]:
        return frozenset({self.port}) if self.port else frozenset()

    @property
    def own(self) -> tuple[str, ...]:
        """The place that the guest goes to for them, which Boatyard gave it."""
        return (self.url.removeprefix("http://"),) if self.url else ()

    @property
    def credentials(self) -> dict[str, bytes]:
        """Tells the guest the address before anything runs that may ask for it (systemd ≥ 254, tmpfiles.d(5))."""
        return {"tmpfiles.extra": f"f+ {URL_FILE} 0644 root root - {self.url}\n".encode()} if self.url else {}

    def added_to(self, order: Order) -> Order:
        """The order of a machine that reaches them, and knows where they are."""
        ports, credentials = order.host_ports | self.host_ports, {**order.credentials, **self.credentials}
        return replace(order, host_ports=ports, credentials=credentials, supplied=self.content)

    def wake(self, shell: Shell) -> bool:
        """Tells the time, and the address, to a guest that was paused or started with another one; whether it heard."""
        return wake(shell, *([f"echo {shlex.quote(self.url)} > {URL_FILE}"] if self.url else []))


@contextlib.contextmanager
def supplying(disk: TrialDisk, vm: CloudVm, *, wanted: bool) -> Iterator[Supply]:
    """Serves the repositories on loopback; nothing, for an image that has none here."""
    folders = {folder.parent for folder in disk.repositories}
    if not wanted or not folders:
        yield Supply()
    elif len(folders) > 1:
        yield Supply(note=APART)
    else:
        with serving(folders.pop()) as url:
            port = int(url.rpartition(":")[2])
            yield Supply(url=f"http://{vm.wire.gateway}:{port}", port=port, content=_content(disk.repositories))


def _content(repositories: Iterable[Path]) -> str:
    return fingerprint([sha256_file(folder / "repodata/repomd.xml") for folder in repositories])
