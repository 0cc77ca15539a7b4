"""A Dask cluster and those who do not belong to it: other clusters, strangers without a certificate, nobody."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("distributed")

from tests.graph.cluster import Cluster, cluster, run_on
from tests.graph.toy import NONE, ToyWork, started

from boatyard.base.error import ToolError
from boatyard.graph.coordinator import run_graph
from boatyard.graph.engine.dask import DaskExecutor, Tls
from boatyard.graph.journal import Journal
from boatyard.ports.progress import silent

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.tool


def test_workers_of_an_earlier_scheduler_do_not_join_the_next_one_at_its_port(tmp_path: Path) -> None:
    with cluster(2) as made:
        old = dict(made.workers)
        assert made.scheduler is not None
        made.scheduler.kill()
        made.scheduler.wait()
        made.start_scheduler("--port", made.address.rpartition(":")[2])
        new = made.add()
        for process in old.values():
            assert process.wait(60) == 0
        with DaskExecutor(made.address) as executor:
            assert [worker.name for worker in executor.workers()] == [new]


def test_tasks_of_another_cluster_and_of_other_functions_are_refused(shared: Cluster, tmp_path: Path) -> None:
    work = ToyWork(tmp_path / "store", {"a": NONE}, function="os:system")
    outcome = run_on(shared, work, tmp_path)
    assert "does not run os:system" in str(outcome.failed["a"])
    with DaskExecutor(shared.address) as executor:
        executor._cluster = "another"
        work = ToyWork(tmp_path / "store", {"a": NONE})
        task = work.next("a", None, {})
        executor.submit(task, work.function, 1, frozenset())  # type: ignore[arg-type]
        (finished,) = executor.poll(30)
    assert "belongs to another cluster" in str(finished.error)
    assert started(work.store) == []


def certificate(folder: Path, name: str, authority: Tls | None = None) -> Tls:
    """A certificate and its key; one that signs itself, or one that an authority signs."""
    made = Tls(authority.ca if authority else folder / f"{name}.pem", folder / f"{name}.pem", folder / f"{name}.key")
    signed = ["-CA", str(authority.certificate), "-CAkey", str(authority.key)] if authority else []
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    subprocess.run(
        [*words, "-subj", f"/CN={name}", "-keyout", str(made.key), "-out", str(made.certificate), *signed],
        check=True,
        capture_output=True,
    )
    return made


def test_with_tls_strangers_are_kept_out(tmp_path: Path) -> None:
    authority = certificate(tmp_path, "authority")
    ours = certificate(tmp_path, "ours", authority)
    stranger = certificate(tmp_path, "stranger")
    files = ("--tls-ca", str(ours.ca), "--tls-cert", str(ours.certificate), "--tls-key", str(ours.key))
    with cluster(1, options=files) as made:
        assert made.address.startswith("tls://127.0.0.1:")
        work = ToyWork(tmp_path / "store", {"a": NONE})
        with DaskExecutor(made.address, tls=ours) as executor:
            outcome = run_graph(work.needs, work, executor, Journal(None), seconds={}, reporter=silent())
        assert list(outcome.results) == ["a"]
        for address, tls in ((made.address, stranger), (made.address.replace("tls:", "tcp:"), None)):
            with pytest.raises(ToolError, match="no scheduler answers"):
                DaskExecutor(address, tls=tls, connect_s=2)


def test_nobody_at_the_address() -> None:
    with pytest.raises(ToolError, match=r"no scheduler answers at tcp://127\.0\.0\.1:1"):
        DaskExecutor("tcp://127.0.0.1:1", connect_s=0.5)
    with pytest.raises(ToolError, match="no scheduler answers at nonsense"):
        DaskExecutor("nonsense://x")
