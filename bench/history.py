"""Reads the history of the locks of a whole distribution from git: `python -m bench history`, in seconds.

The project is made here: 7,583 locks, 3,000 commits of which more than half touch between one and forty of them.
"""

from __future__ import annotations

import random
import subprocess
import tempfile
import time
from pathlib import Path

from boatyard.flow.history import read_histories, read_history
from boatyard.ports.run import HostRunner

LOCKS, COMMITS, SAMPLE = 7_583, 3_000, 8
LOCK = """\
# Managed by boatyard component update. Do not edit manually.
version = 1
import-commit = '{zero}'
upstream-commit = '{number:040x}'
input-fingerprint = 'boatyard-1:{name}{number}'
resolution-input-hash = 'sha256:0'
"""


def make_project(folder: Path) -> None:
    """A git repository with a history of locks."""
    dice = random.Random(1)
    names = [f"package{number}" for number in range(LOCKS)]
    stream = [_commit(0, {_path(name): _lock(name, 0) for name in names})]
    for number in range(1, COMMITS):
        touched = dice.sample(names, dice.choice([1, 1, 1, 2, 5, 40])) if dice.random() < 0.6 else []
        files = {_path(name): _lock(name, number) for name in touched}
        stream.append(_commit(number, files or {f"docs/{number % 50}": str(number).encode()}))
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
    subprocess.run(["git", "-C", str(folder), "fast-import", "--quiet"], input=b"".join(stream), check=True)
    subprocess.run(["git", "-C", str(folder), "reset", "-q", "--hard"], check=True)


def main() -> None:
    """Prints the time for all locks at once, and what one at a time would come to."""
    run = HostRunner()
    with tempfile.TemporaryDirectory(prefix="boatyard-bench-") as work:
        folder = Path(work) / "project"
        make_project(folder)
        locks = folder / "locks"
        names = [path.stem for path in sorted(locks.iterdir())]
        start = time.perf_counter()
        found = read_histories(locks, names, run).found
        all_s = time.perf_counter() - start
        start = time.perf_counter()
        for name in names[:: LOCKS // SAMPLE]:
            read_history(locks / f"{name}.lock", run)
        one_s = (time.perf_counter() - start) / len(names[:: LOCKS // SAMPLE])
    run.close()
    print(f"{len(found)} locks, {COMMITS} commits: {all_s:.1f} s at once; {one_s:.2f} s for a single one")


def _path(name: str) -> str:
    return f"locks/{name}.lock"


def _lock(name: str, number: int) -> bytes:
    return LOCK.format(zero="1" * 40, number=number, name=name).encode()


def _commit(number: int, files: dict[str, bytes]) -> bytes:
    who = f"Ada <ada@example.org> {1_700_000_000 + number * 100} +0000"
    lines = [f"commit refs/heads/main\nauthor {who}\ncommitter {who}\ndata 1\nx\n".encode()]
    lines += [
        f"M 100644 inline {name}\n".encode() + b"data %d\n%s\n" % (len(text), text) for name, text in files.items()
    ]
    return b"".join(lines)


if __name__ == "__main__":
    main()
