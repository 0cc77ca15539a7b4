"""Certificates with their keys, as the WireServer hands them out: a PKCS #12 file inside CMS that only the guest opens.

Made by the openssl program: what it makes is what guests open with the same program, and it is only needed by VMs
that have certificates. Keys are in files of a private folder, never in arguments.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard.base.error import ConfigError
from boatyard.ports.lease import leased_dir
from boatyard.ports.run import Command

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.cloud.machine import Certificate
    from boatyard.ports.run import Runner

TIMEOUT_S = 30.0
MAX_RECIPIENT = 8192


@dataclass(frozen=True, slots=True)
class OpensslSeal:
    """Seals the certificates; a `cloud.site.Seal`. `scratch`: a folder for such work alone."""

    certificates: tuple[Certificate, ...]
    run: Runner
    scratch: Path

    def __call__(self, recipient: bytes, cipher: str) -> bytes:
        """ToolError when the recipient's certificate is none."""
        if not recipient or len(recipient) > MAX_RECIPIENT:
            raise ConfigError("the guest's certificate has no fitting size")
        with leased_dir(self.scratch) as folder:
            _write(folder / "key.pem", self.certificates[0].key)
            _write(folder / "certs.pem", "".join(one.certificate.strip() + "\n" for one in self.certificates))
            (folder / "guest.der").write_bytes(recipient)
            self._openssl(folder, "x509", "-inform", "DER", "-in", "guest.der", "-out", "guest.pem")
            # The empty password is the protocol's: what protects the file is the CMS around it.
            export = ("-inkey", "key.pem", "-in", "certs.pem", "-passout", "pass:", "-out", "certs.pfx")
            self._openssl(folder, "pkcs12", "-export", *export)
            form = ("-encrypt", "-binary", f"-{cipher}", "-in", "certs.pfx", "-outform", "DER", "-out", "certs.p7m")
            self._openssl(folder, "cms", *form, "guest.pem")
            return (folder / "certs.p7m").read_bytes()

    def _openssl(self, folder: Path, *words: str) -> None:
        self.run(Command(argv=("openssl", *words), cwd=folder, timeout_s=TIMEOUT_S))


def _write(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="ascii")
