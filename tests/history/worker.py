"""`boatyard worker` whose builds are made up: python -m tests.history.worker WORDS"""

from __future__ import annotations

import sys

import pytest
from tests.history import fake_build

from boatyard.cli.main import main

if __name__ == "__main__":
    fake_build.install(pytest.MonkeyPatch())
    sys.exit(main(["worker", *sys.argv[1:]]))
