"""Signed copies of packages, kept by the digest of the unsigned file and of the key: each is signed once."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from boatyard.graph.local import run_all, worker_count
from boatyard.ports.files import temporary_dir
from boatyard.rpm.signature import Verifier, sign_rpms

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from boatyard.artifact.build_result import RpmFile
    from boatyard.ports.progress import Reporter
    from boatyard.ports.run import Runner
    from boatyard.rpm.key import SigningKey

BATCH = 24


class SignedStore:
    """A folder of `<key digest>/<package digest>.rpm`. Every file in it was verified after it was signed."""

    def __init__(self, root: Path, key: SigningKey) -> None:
        self._folder = root / key.digest[:16]
        self._key = key

    def path(self, rpm: RpmFile) -> Path:
        """Where the signed copy of a package is, once `sign` has been called for it."""
        return self._folder / f"{rpm.sha256}.rpm"

    def sign(self, rpms: Sequence[RpmFile], run: Runner, reporter: Reporter) -> int:
        """Signs what is not signed yet; the number of packages signed now."""
        todo = [rpm for rpm in rpms if not self.path(rpm).is_file()]
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

    def _sign(self, batch: Sequence[RpmFile], run: Runner) -> None:
        with temporary_dir(self._folder) as work:
            files, database = work / "files", work / "db"
            files.mkdir()
            database.mkdir()
            names = [f"{rpm.sha256}.rpm" for rpm in batch]
            for rpm, name in zip(batch, names, strict=True):
                shutil.copyfile(rpm.path, files / name)
            sign_rpms(files, names, self._key, run)
            Verifier(self._key.public, database, run).verify(files, names)
            for name in names:
                (files / name).replace(self._folder / name)
