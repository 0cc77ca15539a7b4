"""A small Debian archive, signed with a key of its own and served on the loopback interface."""

from __future__ import annotations

import email.utils
import hashlib
import io
import lzma
import tarfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from boatyard.ports.run import Command

if TYPE_CHECKING:
    from pathlib import Path

    from tests.web_server import Web

    from boatyard.ports.run import HostRunner


def a_deb(name: str, version: str, *, filler: int = 0) -> bytes:
    """A real .deb: an ar archive of debian-binary, control.tar.xz and data.tar.xz (deb(5))."""
    control = f"Package: {name}\nVersion: {version}\nArchitecture: amd64\nMaintainer: A <a@b.invalid>\nDescription: x\n"
    # Bytes that do not compress, and are the same in every run.
    noise = b"".join(hashlib.sha256(f"{name}{n}".encode()).digest() for n in range(filler // 32))
    members = {
        "debian-binary": b"2.0\n",
        "control.tar.xz": _tar_xz({"./control": control.encode()}),
        "data.tar.xz": _tar_xz({f"./usr/share/{name}/data": version.encode() + noise}),
    }
    out = io.BytesIO()
    out.write(b"!<arch>\n")
    for member, data in members.items():
        out.write(f"{member:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n".encode())
        out.write(data + b"\n" * (len(data) % 2))
    return out.getvalue()


def _tar_xz(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:xz") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()


class Signer:
    """A gpg home with one key; `keyring` is its public part in the form gpgv reads."""

    def __init__(
        self, home: Path, run: HostRunner, *, time: str = "", life: str = "0", algorithm: str = "ed25519"
    ) -> None:
        self._home, self._run, self._time = home, run, time
        self.keyring = home / "public.gpg"
        home.mkdir(mode=0o700, parents=True)
        self._gpg(
            "--passphrase", "", "--quick-gen-key", f"{home.name} <key@{home.name}.invalid>", algorithm, "sign", life
        )
        self.keyring.write_bytes(self._gpg("--export"))

    def sign(self, text: bytes, *options: str) -> bytes:
        """The text as one cleartext-signed message."""
        return self._gpg(*options, "--clearsign", text=text)

    def adopt(self, other: Signer) -> None:
        """Takes over the secret key of another, to sign with both."""
        self._gpg("--import", text=other._gpg("--export-secret-keys"))

    def close(self) -> None:
        """Ends the agent that gpg has started for this home."""
        self._run(Command(argv=("gpgconf", "--homedir", str(self._home), "--kill", "all")))

    def _gpg(self, *options: str, text: bytes = b"") -> bytes:
        faked = ("--faked-system-time", self._time) if self._time else ()
        argv = ("gpg", "--homedir", str(self._home), "--batch", "--quiet", "--no-permission-warning", *faked, *options)
        return self._run(Command(argv=argv, input=text)).stdout


@dataclass
class Suite:
    """A suite to be published; change any field, or the files after `publish`, to make it hostile."""

    codename: str = "trixie"
    suite: str = "stable"
    date: float = 0
    valid_until: float | None = None
    by_hash: bool = True
    stanzas: list[str] = field(default_factory=list)
    debs: dict[str, bytes] = field(default_factory=dict)
    source_stanzas: list[str] = field(default_factory=list)
    unpacked_size: int | None = None

    def add(
        self, name: str, version: str, *, source: str = "", depends: str = "", filler: int = 0, **fields: str
    ) -> Suite:
        """Adds a package with a real .deb; `fields` replace those of its stanza, underscores standing for dashes."""
        deb = a_deb(name, version, filler=filler)
        path = f"pool/main/{name[0]}/{name}/{name}_{version.rpartition(':')[2]}_amd64.deb"
        lines = {
            "Package": name,
            "Source": source,
            "Version": version,
            "Architecture": "amd64",
            "Depends": depends,
            "Filename": path,
            "Size": str(len(deb)),
            "SHA256": hashlib.sha256(deb).hexdigest(),
        } | {key.replace("_", "-"): value for key, value in fields.items()}
        self.stanzas.append("".join(f"{key}: {value}\n" for key, value in lines.items() if value))
        self.debs[path] = deb
        return self

    def add_source(self, package: str, version: str, files: dict[str, bytes], **fields: str) -> Suite:
        """Adds a source package with its files; `fields` replace those of its stanza."""
        folder = f"pool/main/{package[0]}/{package}"
        sums = "".join(f"\n {hashlib.sha256(data).hexdigest()} {len(data)} {name}" for name, data in files.items())
        lines = {
            "Package": package, "Binary": package, "Version": version, "Directory": folder,
            "Files": "\n d41d8cd98f00b204e9800998ecf8427e 1 x", "Checksums-Sha256": sums,
        } | {key.replace("_", "-"): value for key, value in fields.items()}  # fmt: skip
        self.source_stanzas.append("".join(f"{key}: {value}\n" for key, value in lines.items() if value))
        self.debs |= {f"{folder}/{name}": data for name, data in files.items()}
        return self

    def sources(self) -> bytes:
        return "\n".join(self.source_stanzas).encode()

    def packages(self) -> bytes:
        return "\n".join(self.stanzas).encode()

    def release(self, packed: bytes) -> bytes:
        """The text that is signed."""
        unpacked = self.packages()
        lines = ["Origin: Debian", f"Suite: {self.suite}", f"Codename: {self.codename}"]
        lines.append(f"Date: {email.utils.formatdate(self.date, usegmt=True)}")
        if self.valid_until is not None:
            lines.append(f"Valid-Until: {email.utils.formatdate(self.valid_until, usegmt=True)}")
        lines += ["Acquire-By-Hash: yes"] * self.by_hash
        size = len(unpacked) if self.unpacked_size is None else self.unpacked_size
        lines += ["MD5Sum:", " d41d8cd98f00b204e9800998ecf8427e 1 main/binary-amd64/Packages.xz", "SHA256:"]
        lines.append(f" {hashlib.sha256(unpacked).hexdigest()} {size} main/binary-amd64/Packages")
        lines.append(f" {hashlib.sha256(packed).hexdigest()} {len(packed)} main/binary-amd64/Packages.xz")
        if self.source_stanzas:
            for name, data in (("Sources", self.sources()), ("Sources.xz", lzma.compress(self.sources()))):
                lines.append(f" {hashlib.sha256(data).hexdigest()} {len(data)} main/source/{name}")
        return ("\n".join(lines) + "\n").encode()

    def publish(self, web: Web, signer: Signer, *, packed: bytes | None = None, base: str = "/debian") -> None:
        """Puts the suite and its packages on a server; `packed` instead of the right Packages.xz."""
        packed = lzma.compress(self.packages()) if packed is None else packed
        dists = f"{base}/dists/{self.codename}"
        web.files[f"{dists}/InRelease"] = signer.sign(self.release(packed))
        web.files[f"{dists}/main/binary-amd64/Packages.xz"] = packed
        if self.by_hash:
            digest = hashlib.sha256(packed).hexdigest()
            web.files[f"{dists}/main/binary-amd64/by-hash/SHA256/{digest}"] = packed
        if self.source_stanzas:
            web.files[f"{dists}/main/source/Sources.xz"] = lzma.compress(self.sources())
        web.files |= {f"{base}/{path}": deb for path, deb in self.debs.items()}
