"""The coordinator with the processes of a Dask cluster, which are killed. What `scale` asks of a distributed engine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("distributed")

from tests.graph.cluster import ROOT, Cluster, cluster
from tests.graph.process import children_named, wait_for
from tests.graph.toy import ToyWork, contents, started, starts

from boatyard.base.error import BuildError, ToolError
from boatyard.graph.coordinator import run_graph
from boatyard.graph.engine.dask import DaskExecutor, Tls
from boatyard.graph.engine.local import LocalExecutor
from boatyard.graph.journal import Journal, read_lines
from boatyard.ports.progress import Reporter, silent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from boatyard.base.event import Event
    from boatyard.graph.work import Outcome

pytestmark = pytest.mark.tool

NONE = frozenset[str]()


@pytest.fixture(scope="module")
def shared() -> Iterator[Cluster]:
    """Two workers with two slots each, for tests that harm none of them."""
    with cluster(2) as made:
        yield made


def run(
    made: Cluster,
    work: ToyWork,
    folder: Path,
    *,
    seconds: Mapping[str, float] | None = None,
    worker_wait_s: float = 60,
    reporter: Reporter | None = None,
) -> Outcome:
    with Journal(folder / "journal.jsonl") as journal, DaskExecutor(made.address) as executor:
        return run_graph(
            work.needs,
            work,
            executor,
            journal,
            seconds=seconds or {},
            reporter=reporter or silent(),
            worker_wait_s=worker_wait_s,
        )


def layers(width: int, depth: int) -> dict[str, frozenset[str]]:
    """A graph in which each node needs two of the layer before."""
    return {
        f"l{layer}n{place}": NONE
        if layer == 0
        else frozenset({f"l{layer - 1}n{place}", f"l{layer - 1}n{(place + 1) % width}"})
        for layer in range(depth)
        for place in range(width)
    }


@contextmanager
def meanwhile(action: object, *arguments: object) -> Iterator[None]:
    """Does something in a thread while the block runs; its error is the block's."""
    problems: list[BaseException] = []

    def work() -> None:
        try:
            action(*arguments)  # type: ignore[operator]
        except BaseException as problem:
            problems.append(problem)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join()
    assert not problems, problems


def test_1_workers_make_what_this_machine_makes(shared: Cluster, tmp_path: Path) -> None:
    needs = layers(6, 5)
    far = ToyWork(tmp_path / "far", needs)
    outcome = run(shared, far, tmp_path)
    here = ToyWork(tmp_path / "here", needs)
    with LocalExecutor(tmp_path / "tasks") as executor:
        local = run_graph(needs, here, executor, Journal(None), seconds={}, reporter=silent())
    assert outcome.results == local.results
    assert contents(far.store) == contents(here.store)
    assert len({process for _, process, _ in starts(far.store)}) == 2
    again = run(shared, far, tmp_path)
    assert again.reused == set(needs)


def test_errors_come_back_whole(shared: Cluster, tmp_path: Path) -> None:
    work = ToyWork(tmp_path / "store", {"a": NONE, "b": NONE}, {"a": {"fail": "no"}, "b": {"raise": "a bug"}})
    outcome = run(shared, work, tmp_path)
    assert isinstance(outcome.failed["a"], BuildError)
    assert str(outcome.failed["a"]) == "error: no\n  | line 1\n  | line 2\n  hint: mend it"
    assert "ZeroDivisionError: a bug" in str(outcome.failed["b"])
    assert sorted(started(work.store)) == ["a", "b"]


def test_2_a_task_of_a_killed_worker_is_done_by_another(tmp_path: Path) -> None:
    with cluster(2, jobs=1) as made:
        work = ToyWork(tmp_path / "store", {"a": NONE}, {"a": {"sleep": 1}})

        def kill_first() -> None:
            wait_for(lambda: bool(starts(work.store)))
            os.kill(int(starts(work.store)[0][1]), signal.SIGKILL)

        with meanwhile(kill_first):
            outcome = run(made, work, tmp_path)
        assert list(outcome.results) == ["a"]
        (_, first, _), (_, second, _) = starts(work.store)
        assert first != second
        assert len(list((work.store / "ac").iterdir())) == 1
        events = [(line.event, line.attempt) for line in read_lines(tmp_path / "journal.jsonl") if line.node]
        assert events == [("started", 1), ("retried", 1), ("started", 2), ("answered", 2), ("done", 0)]


def test_3_what_is_finished_is_not_repeated_after_a_loss(tmp_path: Path) -> None:
    """A hundred nodes, two of three workers killed on the way: only what was running is started again."""
    with cluster(3, jobs=2) as made:
        needs = layers(10, 10)
        work = ToyWork(tmp_path / "store", needs, {name: {"sleep": 0.05} for name in needs})
        victims = list(made.workers)[:2]
        lost: list[int] = []

        def kill_two() -> None:
            for place, address in enumerate(victims):
                wait_for(lambda: len(started(work.store)) >= 25 * (place + 1))  # noqa: B023
                made.kill(address)
                lost.append(made.pid(address))

        with meanwhile(kill_two):
            outcome = run(made, work, tmp_path)
        assert set(outcome.results) == set(needs)
        repeated = {name: count for name, count in Counter(started(work.store)).items() if count > 1}
        assert sum(repeated.values()) - len(repeated) <= 2 * 2  # two slots of two workers
        for name in repeated:
            assert next(int(process) for other, process, _ in starts(work.store) if other == name) in lost


def test_4_what_kills_workers_fails_alone(tmp_path: Path) -> None:
    with cluster(4, jobs=2) as made:
        needs = layers(6, 4) | {"user": frozenset({"poison"}), "poison": NONE}
        behaviour = {name: {"sleep": 0.1} for name in needs} | {"poison": {"kill": True}, "l1n1": {"fail": "no"}}
        work = ToyWork(tmp_path / "store", needs, behaviour)
        outcome = run(made, work, tmp_path)
        assert sorted(outcome.failed) == ["l1n1", "poison"]
        assert "lost with its worker 3 times" in str(outcome.failed["poison"])
        assert outcome.skipped == {"user": "poison"} | dict.fromkeys(["l2n0", "l2n1", "l3n0", "l3n1", "l3n5"], "l1n1")
        assert len(outcome.results) == len(needs) - 2 - 6
        assert started(work.store).count("poison") == 3
        assert sum(process.poll() is None for process in made.workers.values()) == 1


def test_5_tasks_run_on_their_architecture_only(tmp_path: Path) -> None:
    with cluster(1, jobs=2) as made:
        made.add(arch="aarch64", jobs=2)
        needs = {f"n{number}": NONE for number in range(12)}
        arch = {name: ("aarch64", "x86_64", "ppc64le")[number % 3] for number, name in enumerate(needs)}
        work = ToyWork(tmp_path / "store", needs, arch=arch)
        outcome = run(made, work, tmp_path, worker_wait_s=1)
        assert {name: place for name, _, place in starts(work.store)} == {
            name: place for name, place in arch.items() if place != "ppc64le"
        }
        for name, place in arch.items():
            if place == "ppc64le":
                assert "no worker for ppc64le came within 1 s; there are workers for aarch64, x86_64" in str(
                    outcome.failed[name]
                )
        assert len(outcome.results) == 8


def test_5_a_worker_that_comes_later_is_used(tmp_path: Path) -> None:
    with cluster(0) as made:
        work = ToyWork(tmp_path / "store", {"a": NONE})
        with meanwhile(made.add):
            outcome = run(made, work, tmp_path)
        assert list(outcome.results) == ["a"]


def test_6_with_one_slot_the_order_is_that_of_the_ranks(tmp_path: Path) -> None:
    with cluster(1, jobs=1) as made:
        needs = {f"p{number:02}": NONE for number in range(12)}
        work = ToyWork(tmp_path / "store", needs)
        run(made, work, tmp_path, seconds={name: float(name[1:]) for name in needs})
        assert started(work.store) == sorted(needs, reverse=True)


def test_7_an_interrupt_leaves_no_process(shared: Cluster, tmp_path: Path) -> None:
    seconds = f"50.{os.getpid()}7"
    work = ToyWork(tmp_path / "store", {"a": NONE, "b": NONE}, {key: {"sleep": seconds} for key in "ab"})

    def interrupt() -> None:
        wait_for(lambda: len(children_named(seconds)) >= 4)  # a shell and its sleep for each
        os.kill(os.getpid(), signal.SIGINT)

    with meanwhile(interrupt), pytest.raises(KeyboardInterrupt):
        run(shared, work, tmp_path)
    wait_for(lambda: children_named(seconds) == [])
    # The workers are as good as before.
    assert len(run(shared, ToyWork(tmp_path / "other", {"a": NONE}), tmp_path).results) == 1


def coordinator(made: Cluster, folder: Path, store: Path, count: int, seconds: str) -> subprocess.Popen[str]:
    program = """
        import sys
        from pathlib import Path
        from boatyard.graph.coordinator import run_graph
        from boatyard.graph.engine.dask import DaskExecutor, Tls
        from boatyard.graph.journal import Journal
        from boatyard.ports.progress import silent
        from tests.graph.toy import ToyWork

        address, folder, store, count, seconds = sys.argv[1:]
        needs = {f"n{number:02}": frozenset() for number in range(int(count))}
        needs["end"] = frozenset(needs)
        work = ToyWork(Path(store), needs, {name: {"sleep": seconds} for name in needs})
        with Journal(Path(folder) / "journal.jsonl") as journal, DaskExecutor(address) as executor:
            outcome = run_graph(needs, work, executor, journal, seconds={}, reporter=silent())
        print(len(outcome.results))
    """
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), made.address, str(folder), str(store), str(count), seconds],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_7_a_killed_coordinator_leaves_no_process(shared: Cluster, tmp_path: Path) -> None:
    seconds = f"50.{os.getpid()}8"
    with coordinator(shared, tmp_path, tmp_path / "store", 2, seconds) as process:
        wait_for(lambda: len(children_named(seconds)) >= 4)
        process.kill()
    wait_for(lambda: children_named(seconds) == [])


def test_8_a_killed_coordinator_goes_on_where_it_stopped(shared: Cluster, tmp_path: Path) -> None:
    store, kills, out, err = tmp_path / "store", 0, "", ""
    for kills in range(10):
        with coordinator(shared, tmp_path, store, 24, "0.1") as process:
            if kills < 4:
                before = len(started(store))
                wait_for(lambda: len(started(store)) >= before + 5 or process.poll() is not None)  # noqa: B023
                process.kill()
            out, err = process.communicate(timeout=60)
        if process.returncode == 0:
            break
    assert out.strip() == "25", err
    assert set(started(store)) == {*(f"n{number:02}" for number in range(24)), "end"}
    assert len(started(store)) <= 25 + kills * 4  # what was running in four slots


def test_9_two_coordinators_on_one_store(shared: Cluster, tmp_path: Path) -> None:
    store = tmp_path / "store"
    processes = [coordinator(shared, tmp_path / name, store, 30, "0") for name in ("one", "two")]
    outs = [process.communicate(timeout=120) for process in processes]
    assert [out for out, _ in outs] == ["31\n", "31\n"], outs
    found = contents(store)
    records = [data for name, data in found.items() if name.startswith("ac/")]
    assert len(records) == 31
    assert all(f"cas/{record.decode()}" in found for record in records)


def test_a_silent_worker_is_given_up_and_what_it_does_later_harms_nothing(tmp_path: Path) -> None:
    """Stopped, as by a host that hangs: its task is done elsewhere, and then it goes on."""
    with cluster(2, jobs=1, scheduler=("--worker-silence", "1")) as made:
        work = ToyWork(tmp_path / "store", {"a": NONE}, {"a": {"sleep": 1}})
        by_process = {process.pid: address for address, process in made.workers.items()}

        def freeze() -> None:
            wait_for(lambda: bool(starts(work.store)))
            made.kill(by_process[int(starts(work.store)[0][1])], signal.SIGSTOP)

        with meanwhile(freeze):
            outcome = run(made, work, tmp_path)
        before = contents(work.store)
        assert started(work.store) == ["a", "a"]
        frozen = made.workers[by_process[int(starts(work.store)[0][1])]]
        frozen.send_signal(signal.SIGCONT)
        frozen.wait(60)  # Dask tells it that it is not wanted
        assert contents(work.store) == before
        assert list(outcome.results) == ["a"]


def test_a_worker_ends_with_its_scheduler_and_takes_its_programs_with_it(tmp_path: Path) -> None:
    seconds = f"50.{os.getpid()}9"
    with cluster(1) as made:
        work = ToyWork(tmp_path / "store", {"a": NONE}, {"a": {"sleep": seconds}})

        def kill_scheduler() -> None:
            wait_for(lambda: len(children_named(seconds)) >= 2)
            assert made.scheduler is not None
            made.scheduler.kill()

        with meanwhile(kill_scheduler), pytest.raises(ToolError, match=r"the scheduler at tcp://127.0.0.1:[0-9]+ "):
            run(made, work, tmp_path)
        (worker,) = made.workers.values()
        worker.wait(60)
        wait_for(lambda: children_named(seconds) == [])


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


def test_a_worker_ends_though_its_task_does_not(tmp_path: Path) -> None:
    with cluster(1) as made:
        (address,) = made.workers
        with DaskExecutor(made.address) as executor:
            work = ToyWork(tmp_path / "store", {"a": NONE}, {"a": {"deaf": 300}})
            executor.workers()
            executor.submit(work.next("a", None, {}), work.function, 1, NONE)  # type: ignore[arg-type]
            assert executor.poll(0) == []
            wait_for(lambda: bool(starts(work.store)))
            made.kill(address, signal.SIGTERM)
            assert made.workers[address].wait(60) in (0, -signal.SIGKILL)


def test_a_stopped_worker_ends_its_programs_and_leaves_no_folder(tmp_path: Path) -> None:
    seconds = f"50.{os.getpid()}5"
    with cluster(1) as made:
        work = ToyWork(tmp_path / "store", {"a": NONE}, {"a": {"sleep": seconds}})
        (address,) = made.workers
        warnings: list[str] = []

        def hear(event: Event) -> None:
            if event.kind == "warning":
                warnings.append(event.text)

        def stop() -> None:
            wait_for(lambda: len(children_named(seconds)) >= 2)
            made.kill(address, signal.SIGTERM)

        with meanwhile(stop):
            outcome = run(made, work, tmp_path, worker_wait_s=1, reporter=Reporter(hear))
        assert "no worker" in str(outcome.failed["a"])
        assert started(work.store) == ["a"]
        # The first if the worker left before its last word came.
        assert warnings[0] in (f"a was lost: the worker at {address} {what}" for what in ("died", "was stopped"))
        made.workers[address].wait(60)
        assert children_named(seconds) == []
        assert not list((made.folder / "worker0/tasks").glob(".tmp-*"))


def test_tasks_of_another_cluster_and_of_other_functions_are_refused(shared: Cluster, tmp_path: Path) -> None:
    work = ToyWork(tmp_path / "store", {"a": NONE}, function="os:system")
    outcome = run(shared, work, tmp_path)
    assert "does not run os:system" in str(outcome.failed["a"])
    with DaskExecutor(shared.address) as executor:
        executor._cluster = "another"
        work = ToyWork(tmp_path / "store", {"a": NONE})
        task = work.next("a", None, {})
        executor.submit(task, work.function, 1, frozenset())  # type: ignore[arg-type]
        (finished,) = executor.poll(30)
    assert "belongs to another cluster" in str(finished.error)
    assert started(work.store) == []


def test_memory_that_was_not_enough_is_doubled(shared: Cluster, tmp_path: Path) -> None:
    work = ToyWork(tmp_path / "store", {"a": NONE}, {"a": {"memory": 150}}, memory={"a": 100})
    assert list(run(shared, work, tmp_path).results) == ["a"]
    assert started(work.store) == ["a", "a"]


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
