"""The attested document: what a VM is, signed. By a certificate of this cloud, which says that it is not Azure's.

Programs that fetch it, and read what it says, work; those that verify it as Azure's must refuse it, and do.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from boatyard.cloud.machine import LOCAL_SUBSCRIPTION
from boatyard.ports import clock
from boatyard.ports.lease import leased_dir
from boatyard.ports.run import Command

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.cloud.machine import CloudVm
    from boatyard.ports.run import Runner

SUBJECT = "/O=Boatyard/OU=not Azure/CN=local cloud"
VALID_S = 6 * 3600.0
DAYS = "7"
TIMEOUT_S = 30.0
LONGEST_NONCE = 10


def facts(vm: CloudVm, nonce: str) -> dict[str, Any]:
    """What is attested of a VM, but for the time."""
    return {
        "licenseType": "",
        "nonce": nonce,
        "plan": {"name": "", "product": "", "publisher": ""},
        "sku": vm.generation,
        "subscriptionId": LOCAL_SUBSCRIPTION,
        "vmId": vm.id,
    }


def is_nonce(text: str) -> bool:
    """Whether a request may give this one: at most ten digits."""
    return len(text) <= LONGEST_NONCE and (not text or (text.isascii() and text.isdigit()))


class OpensslAttest:
    """A `cloud.site.Attest` with a key of its own, which is made for the first document. `scratch`: for it alone."""

    def __init__(self, run: Runner, scratch: Path) -> None:
        self._run, self._scratch = run, scratch
        self._signer = b""  # certificate and key, in PEM

    def __call__(self, what: dict[str, Any]) -> bytes:
        """The document as signed CMS (DER); ToolError when openssl is missing or fails."""
        now = clock.now()
        stamp = {"createdOn": _date(now), "expiresOn": _date(now + VALID_S)}
        document = what | {"nonce": what["nonce"] or stamp["createdOn"], "timeStamp": stamp}
        with leased_dir(self._scratch) as folder:
            signer = folder / "signer.pem"
            signer.touch(mode=0o600)
            if self._signer:
                signer.write_bytes(self._signer)
            else:
                self._make(folder)
                self._signer = signer.read_bytes()
            (folder / "document").write_text(json.dumps(document), encoding="ascii")
            form = ("-binary", "-nodetach", "-md", "sha256", "-outform", "DER", "-in", "document", "-out", "signed")
            self._openssl(folder, "cms", "-sign", *form, "-signer", "signer.pem")
            return (folder / "signed").read_bytes()

    def _make(self, folder: Path) -> None:
        pair = ("-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "certificate.pem")
        self._openssl(folder, "req", "-x509", "-sha256", "-days", DAYS, "-subj", SUBJECT, *pair)
        parts = (folder / name for name in ("certificate.pem", "key.pem"))
        (folder / "signer.pem").write_bytes(b"".join(part.read_bytes() for part in parts))

    def _openssl(self, folder: Path, *words: str) -> None:
        self._run(Command(argv=("openssl", *words), cwd=folder, timeout_s=TIMEOUT_S))


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%m/%d/%y %H:%M:%S -0000")
