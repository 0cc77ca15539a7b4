"""Types that several threads decode for the first time at once. Without `decodable` the process ends by signal 11."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import boatyard

THREADS = """
import sys, threading, msgspec
from boatyard.base.decodable import decodable
sys.setswitchinterval(1e-6)
DATA = b'{"inner": {"field3": 5}, "more": {"x": {"field7": "y"}}, "word1": ["a", "b"]}'

def new_type(number):
    fields = [(f"field{i}", int | str | None, None) for i in range(20)]
    inner = msgspec.defstruct(f"Inner{number}", fields)
    words = [(f"word{i}", tuple[str, ...], ()) for i in range(20)]
    return msgspec.defstruct(f"Outer{number}", [("inner", inner), ("more", dict[str, inner]), *words])

for _ in range(30):
    types, start = [new_type(number) for number in range(30)], threading.Barrier(4)

    def decode():
        start.wait()
        for one in types:
            assert msgspec.json.decode(DATA, type=decodable(one)).inner.field3 == 5

    threads = [threading.Thread(target=decode) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


def test_types_that_threads_meet_at_once() -> None:
    ended = subprocess.run([sys.executable, "-c", THREADS], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_every_type_of_ours_is_met_so() -> None:
    reading = re.compile(r"msgspec\.(?:\w+\.)?(?:decode|convert)\((?!data\)$)(?!.*\bdecodable\()", re.MULTILINE)
    sources = Path(boatyard.__file__).parent.rglob("*.py")
    assert [str(path) for path in sources if reading.search(path.read_text("utf-8"))] == []
