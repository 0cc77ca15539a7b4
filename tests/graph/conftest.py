"""A cluster for tests that harm none of its workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.graph.cluster import Cluster, cluster

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def shared() -> Iterator[Cluster]:
    """Two workers with two slots each, of processes of their own."""
    with cluster(2) as made:
        yield made
