"""Signed copies of packages, kept by the digest of the unsigned file and of the key: each is signed once.

<root>/<key digest>/<package digest>.rpm        verified after it was signed
<root>/<key digest>/<package digest>.sha256     the digest of the signed file, by which damage is seen
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from boatyard.base.digest import sha256_file
from boatyard.graph.local import run_all, worker_count
from boatyard.ports.files import write_atomic
from boatyard.ports.lease import leased_dir
from boatyard.rpm.signature import sign_rpms, verify_rpms

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from boatyard.artifact.build_result import RpmFile
    from boatyard.ports.progress import Reporter
    from boatyard.ports.run import Runner
    from boatyard.rpm.key import SigningKey

BATCH = 24


class SignedStore:
    """The signed packages of one key."""

    def __init__(self, root: Path, key: SigningKey) -> None:
        self._folder, self._work = root / key.digest[:16], root / "work"
        self._key = key

    def path(self, rpm: RpmFile) -> Path:
        """Where the signed copy of a package is, once `sign` has been called for it."""
        return self._folder / f"{rpm.sha256}.rpm"

    def sign(self, rpms: Sequence[RpmFile], run: Runner, reporter: Reporter) -> int:
        """Signs what is not signed yet, or was damaged since; the number of packages signed now."""
        signed = run_all(self._is_signed, rpms)
        todo = [rpm for rpm, done in zip(rpms, signed, strict=True) if not done]
        size = max(1, min(BATCH, -(-len(todo) // worker_count())))
        batches = [todo[start : start + size] for start in range(0, len(todo), size)]
        done = 0

        def sign_batch(batch: Sequence[RpmFile]) -> None:
            nonlocal done
            self._sign(batch, run)
            done += len(batch)
            reporter.progress(done, len(todo))

        run_all(sign_batch, batches)
        return len(todo)

    def _digest_file(self, rpm: RpmFile) -> Path:
        return self.path(rpm).with_suffix(".sha256")

    def _is_signed(self, rpm: RpmFile) -> bool:
        signed, digest = self.path(rpm), self._digest_file(rpm)
        return signed.is_file() and digest.is_file() and digest.read_text("utf-8", "replace") == sha256_file(signed)

    def _sign(self, batch: Sequence[RpmFile], run: Runner) -> None:
        with leased_dir(self._work) as work:
            files = work / "files"
            files.mkdir()
            names = [f"{rpm.sha256}.rpm" for rpm in batch]
            for rpm, name in zip(batch, names, strict=True):
                shutil.copyfile(rpm.path, files / name)
            sign_rpms(files, names, self._key, run)
            verify_rpms(files, names, self._key, run)
            self._folder.mkdir(parents=True, exist_ok=True)
            for rpm, name in zip(batch, names, strict=True):
                digest = sha256_file(files / name)
                (files / name).replace(self.path(rpm))
                write_atomic(self._digest_file(rpm), digest)
