"""What a published repository holds, and the proof that it is sound."""

from __future__ import annotations

import hashlib
import subprocess
from typing import TYPE_CHECKING

import createrepo_c

if TYPE_CHECKING:
    from pathlib import Path


def published(repo: Path, channel: str = "base") -> dict[str, str]:
    """Each package with the digest of its header, which the signature is not part of.

    Asserts what a client checks: the metadata is that of repomd.xml, every package that of the metadata and signed.
    """
    folder = repo / "current" / channel
    repomd = folder / "repodata/repomd.xml"
    assert repomd.with_suffix(".xml.asc").read_bytes().startswith(b"-----BEGIN PGP SIGNATURE-----")
    metadata = {record.type: record for record in createrepo_c.Repomd(str(repomd)).records}
    for record in metadata.values():
        assert record.checksum == _sha256(folder / record.location_href)
    lists = [str(folder / metadata[kind].location_href) for kind in ("primary", "filelists", "other")]
    packages = list(createrepo_c.PackageIterator(*lists))
    rpms = sorted(folder.rglob("*.rpm"))
    assert {folder / package.location_href: package.pkgId for package in packages} == {r: _sha256(r) for r in rpms}
    assert len(packages) == len(rpms)
    query = ["rpm", "-qp", "--nosignature", "--qf", "%{NEVRA} %{SHA256HEADER} %{RSAHEADER}\\n", *map(str, rpms)]
    lines = subprocess.run(query, capture_output=True, check=True, text=True).stdout.splitlines()
    assert not [line for line in lines if line.endswith("(none)")], "all are signed"
    return dict(line.split()[:2] for line in lines)


def leftovers(*folders: Path) -> list[str]:
    """Temporary files of Boatyard below folders."""
    return [str(path) for folder in folders for path in folder.rglob(".tmp-*")]


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
