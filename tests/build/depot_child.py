"""A process that works on a depot until it is done or killed: `python depot_child.py FOLDER SEED ROUNDS [SHARED]`.

Each round puts a few objects and a record that names them. Which, follows from the seed; content follows from the key,
so that all processes make the same. What went wrong is printed.
"""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path

from boatyard.base.digest import sha256_bytes
from boatyard.base.error import ToolError
from boatyard.build.depot import Depot
from boatyard.ports.files import writing_to

KEYS = [sha256_bytes(b"key %d" % number) for number in range(40)]


def contents(key: str) -> list[bytes]:
    """The objects of a key; the last is the same for all keys."""
    chance = random.Random(key)
    return [chance.randbytes(chance.choice([1, 700, 40_000])) for _ in range(3)] + [b"in all of them"]


def one_round(depot: Depot, key: str, folder: Path, chance: random.Random) -> None:
    digests = []
    for number, content in enumerate(contents(key)):
        if chance.random() < 0.5:
            path = folder / str(number)
            path.unlink(missing_ok=True)  # the file before belongs to the depot
            with writing_to(folder):
                path.write_bytes(content)
            digests.append(depot.put_file(path))
        else:
            digests.append(depot.put_bytes(content))
    depot.put_record(key, " ".join(digests).encode(), digests)
    found = depot.record(key)
    assert found is not None, f"{key} is gone"
    assert found.decode().split() == [sha256_bytes(content) for content in contents(key)], f"{key} is torn"
    for digest, content in zip(digests, contents(key), strict=True):
        assert depot.fetch(digest).read_bytes() == content, f"{digest} is torn"


def main() -> int:
    root, seed, rounds, *shared = sys.argv[1:]
    chance = random.Random(int(seed))
    try:
        with tempfile.TemporaryDirectory(dir=Path(root).parent) as folder, Depot.open(Path(root), *shared) as depot:
            for _ in range(int(rounds)):
                one_round(depot, chance.choice(KEYS), Path(folder), chance)
    except ToolError as error:
        print(error)
        return 4
    return 0


if __name__ == "__main__":
    sys.exit(main())
