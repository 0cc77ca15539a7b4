"""What a build would do next, told by work that is asked and never carried out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from tests.build_record import ARCH, Ledger, result, used

from boatyard.artifact.build_result import BuildInputs, RpmFile
from boatyard.artifact.build_task import BuildTask
from boatyard.artifact.codec import to_json
from boatyard.build.solve import UnsolvableError
from boatyard.flow.build.foresee import Base, Foresight
from boatyard.flow.build.task import BUILD, REQUIRE, Order, answer
from boatyard.graph.why import Known, Unknown
from boatyard.graph.work import Done, Task, Wait

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boatyard.artifact.build_result import UsedPackage

Steps = dict[str, list["Task | Wait | Done | UnsolvableError"]]
LEAVES = {"spec": "s1"}
UNSOLVABLE = UnsolvableError("the buildroot cannot be made", missing=("canvas",), detail="", hint="")


def inputs(*packages: UsedPackage) -> BuildInputs:
    return BuildInputs(definition=LEAVES, environment=packages)


def task(node: str, step: str, *packages: UsedPackage) -> Task:
    root = tuple(
        RpmFile(path=f"/{one.name}.rpm", name=one.name, evr=one.evr, arch=ARCH, size=1, sha256=one.sha256)  # type: ignore[arg-type]
        for one in packages
    )
    made = BuildTask(
        component=node, arch=ARCH, backend="", key="", tree="", spec="", epoch=0, buildroot=root,
        inputs=inputs(*packages),
    )  # fmt: skip
    return Task(node=node, step=step, payload=to_json(Order(task=made)))


@dataclass
class Script:
    """Work that wants one thing after the other, as written down for each node; `heard`: what it was answered."""

    steps: Steps
    heard: list[bytes | None] = field(default_factory=list)
    function: str = ""

    def leaves(self, component: str) -> Mapping[str, str]:
        return LEAVES

    def next(self, node: str, told: bytes | None, results: Mapping[str, bytes]) -> Task | Wait | Done:
        self.heard.append(told)
        step = self.steps[node].pop(0)
        if isinstance(step, UnsolvableError):
            raise step
        return step


def foresight(
    steps: Steps,
    *,
    needs: Mapping[str, set[str]] | None = None,
    base: Base | None = None,
    seen: Mapping[str, BuildInputs] | None = None,
    ledger: Ledger | None = None,
) -> Foresight:
    return Foresight(Script(steps), needs or {}, base or Base(), seen or {}, ledger or Ledger())


def outdated(*packages: UsedPackage) -> Base:
    return Base(outdated={one.sha256: one.component for one in packages})


def test_there_or_to_be_built() -> None:
    zlib = used("zlib")
    ask = foresight(
        {"bash": [Done(result=b"", reused=True)], "curl": [task("curl", BUILD, zlib)]}, seen={"bash": inputs(zlib)}
    )
    assert ask.look("bash") == Known(inputs(zlib), there=True)
    assert ask.look("curl") == Known(inputs(zlib))
    assert ask.look("curl") == Known(inputs(zlib)), "it is asked once"


def test_what_is_needed_comes_first() -> None:
    steps: Steps = {"zlib": [task("zlib", BUILD)], "bash": [Done(result=b"")], "curl": []}
    ask = foresight(steps, needs={"curl": {"zlib", "bash"}}, seen={"bash": inputs()})
    assert ask.look("curl") == Unknown(LEAVES, ("zlib",))


def test_needs_that_show_later() -> None:
    late = Wait(frozenset({"bash"}))
    steps: Steps = {"bash": [Done(result=b"")], "curl": [late, task("curl", BUILD)]}
    assert foresight(steps, seen={"bash": inputs()}).look("curl") == Known(inputs())
    steps = {"bash": [task("bash", BUILD)], "curl": [late]}
    assert foresight(steps).look("curl") == Unknown(LEAVES, ("bash",))


def test_needs_that_lead_back() -> None:
    ask = foresight({"a": [Wait(frozenset({"b"}))], "b": [Wait(frozenset({"a"}))]})
    assert ask.look("a") == Unknown(LEAVES, ("b",))


def test_requirements_of_the_same_definition_are_taken_for_those_of_now() -> None:
    before = result("curl", leaves=LEAVES)
    ask = foresight({"curl": [task("curl", REQUIRE), task("curl", BUILD)]}, ledger=Ledger().add(before))
    assert ask.look("curl") == Known(inputs())
    assert isinstance(ask.work, Script)
    told = ask.work.heard[1]
    assert told is not None
    assert told.startswith(answer(REQUIRE, b"{"))


def test_requirements_of_another_definition_are_not() -> None:
    ledger = Ledger().add(result("curl", "2", leaves={"spec": "s3"}), result("curl", "1", leaves={"spec": "s2"}))
    assert foresight({"curl": [task("curl", REQUIRE)]}, ledger=ledger).look("curl") == Unknown(LEAVES)
    assert foresight({"curl": [task("curl", REQUIRE)]}).look("curl") == Unknown(LEAVES)


def test_packages_that_the_host_makes_anew() -> None:
    bash, zlib = used("bash"), used("zlib")
    steps: Steps = {"curl": [Done(result=b"")], "wget": [Done(result=b"")], "file": [task("file", REQUIRE, bash)]}
    ask = foresight(
        steps, base=outdated(bash), seen={"curl": inputs(bash, zlib), "wget": inputs(zlib)},
        needs={"late": {"curl"}},
    )  # fmt: skip
    assert ask.look("curl") == Unknown(LEAVES, ("bash",))
    assert ask.look("wget") == Known(inputs(zlib), there=True)
    assert ask.look("file") == Unknown(LEAVES, ("bash",))
    assert ask.look("late") == Unknown(LEAVES, ("curl",))


def test_what_is_built_with_itself_does_not_wait_for_itself() -> None:
    bash, release = used("bash"), used("release")
    ask = foresight({"release": [task("release", REQUIRE, release)]}, base=outdated(release))
    assert ask.look("release") == Unknown(LEAVES)
    ask = foresight({"release": [task("release", REQUIRE, release, bash)]}, base=outdated(release, bash))
    assert ask.look("release") == Unknown(LEAVES, ("bash",))


def test_packages_that_the_host_has_never_made() -> None:
    assert foresight({}, base=Base(missing=("bash",))).look("curl") == Unknown(LEAVES, ("bash",))


def test_what_is_missing_may_come() -> None:
    ask = foresight({"curl": [UNSOLVABLE]}, base=outdated(used("bash")))
    assert ask.look("curl") == Unknown(LEAVES, ("bash",))
    with pytest.raises(UnsolvableError):
        foresight({"curl": [UNSOLVABLE]}).look("curl")
