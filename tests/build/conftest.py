"""A buildroot of the host's own programs, made once for all tests of builds."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from tests.build.host_root import host_base

from boatyard.build.buildroot import make_root
from boatyard.ports.run import HostRunner

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.artifact.build_result import RpmFile
    from boatyard.artifact.buildroot import Root


@pytest.fixture(scope="session")
def hostbase(tmp_path_factory: pytest.TempPathFactory) -> RpmFile:
    if os.geteuid() != 0:
        pytest.skip("buildroots are made by root in these tests")
    return host_base(tmp_path_factory.mktemp("hostbase"), HostRunner())


@pytest.fixture(scope="session")
def roots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("roots")


@pytest.fixture(scope="session")
def base(hostbase: RpmFile, roots: Path) -> Root:
    return make_root([hostbase], roots, HostRunner())
