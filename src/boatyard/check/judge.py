"""Runs the steps of a file against facts: which needs are met when it comes to them, and what to tell of the rest."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from boatyard.check.advice import account_fix, command_fix, foreign_fix, near, package_fix, service_fix
from boatyard.check.finding import RANK, FileReport, Finding, Judged, Verdict, shown
from boatyard.check.rename import packages_for
from boatyard.check.shell.package_manager import FOREIGN
from boatyard.check.step import (
    ANY_MANAGER,
    UNKNOWN,
    All,
    Choice,
    Cloud,
    Exists,
    Install,
    Kind,
    Later,
    Leave,
    Make,
    Need,
    Not,
    Place,
    Remove,
    Scope,
    Some,
    Tell,
    Use,
)
from boatyard.check.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boatyard.check.facts import Facts
    from boatyard.check.finding import Severity
    from boatyard.check.step import Source, Step, Steps, Test

# What branches may cost: each copies and joins all that is known at its place.
MOST_WORK = 3_000_000
MISSING = {"SP001", "SP002", "SP008", "SP009"}


def judge(source: Source, steps: Steps, facts: Facts, world: World | None = None) -> FileReport:
    """What is to be told about a file whose steps these are.

    `world`: what exists before it runs, which becomes what exists after it; without one the image is as it was made.
    """
    run, world = _Run(facts, source.file), World(facts) if world is None else world
    run.steps((Scope("process", steps),), world, sure=True)
    world.assumed.clear()
    findings = sorted(run.findings.values(), key=lambda one: (one.place, one.rule, one.name))
    return FileReport(source.file, source.type, tuple(run.judged), tuple(findings))


@dataclass(frozen=True, slots=True)
class _End:
    """How steps ended: `of` as in `step.Leave`."""

    of: str
    failed: bool


class _Run:
    """One run: what it finds. The first finding about a thing is kept, with the lines of those that repeat it."""

    def __init__(self, facts: Facts, file: str) -> None:
        self.facts = facts
        self.file = file
        self.judged: list[Judged] = []
        self.findings: dict[tuple[str, str, str, str], Finding] = {}
        self.later: list[tuple[Steps, bool]] = []
        self.pending: dict[tuple[str, str], list[tuple[str, str, str, str]]] = {}
        self.fuel = MOST_WORK

    def steps(self, steps: Steps, world: World, *, sure: bool) -> None:
        """All steps, then those that run at the end."""
        self.follow(steps, world, sure=sure)
        while self.later:
            body, certain = self.later.pop(0)
            self.follow(body, world, sure=sure and certain)
        if self.fuel < 0:
            place = Place(self.file, 1)
            self.tell(Tell("SP011", "note", "so many branches were not all followed", place), sure=True)

    def follow(self, steps: Steps, world: World, *, sure: bool) -> _End | None:
        """Steps one after the other; how they ended, None when they did not."""
        for step in steps:
            end = self.step(step, world, sure=sure)
            if end is not None:
                return end
        return None

    def step(self, step: Step, world: World, *, sure: bool) -> _End | None:  # noqa: C901 a line or two for each kind
        match step:
            case Use():
                self.use(step, world, sure=sure)
            case Install():
                self.install(step, world, sure=sure)
            case Remove():
                for name in step.packages:
                    world.removed.update(self.facts.resolve(name))
            case Make():
                if step.sure or (step.kind, step.name) not in world.made:
                    world.made[(step.kind, step.name)] = step.sure
                self.arrived(world, step.place, "made", [(step.kind.value, step.name)])
            case Cloud():
                world.clouds.setdefault(step.what, f"{step.why} (line {step.place.line})")
            case Choice():
                return self.choose(step, world, sure=sure)
            case Scope():
                return self.scope(step, world, sure=sure)
            case Later():
                self.later.append((step.body, sure))
            case Leave():
                return _End(step.of, step.failed)
            case Tell():
                self.tell(step, sure=sure)
        return None

    def scope(self, step: Scope, world: World, *, sure: bool) -> _End | None:
        """Steps that are left together; what only a process of its own knows is gone with it."""
        names = world.clouds.get("names")
        end = self.follow(step.body, world, sure=sure)
        if step.kind == "process" and names is None:
            world.clouds.pop("names", None)
        return end if end is not None and end.of == "process" != step.kind else None

    def choose(self, step: Choice, world: World, *, sure: bool) -> _End | None:
        """The one way that is gone, or both when nobody knows which."""
        value = world.decide(step.test)
        if value is not None:
            end = self.follow(step.then if value else step.otherwise, world, sure=sure)
            if end is not None and end.failed and end.of == "process":
                for need in _asked(step.test):
                    if world.has(Kind.COMMAND, need.name) is False:
                        self.missing(need, world, sure=sure, stops=True)
            return end
        self.fuel -= 10 + len(world.made) + len(world.packages) + len(world.assumed)
        if self.fuel < 0:
            return None
        left, right = world.copy(), world.copy()
        left.assume(step.test, True)
        right.assume(step.test, False)
        first = self.follow(step.then, left, sure=False)
        second = self.follow(step.otherwise, right, sure=False)
        if first is not None and second is not None:
            return first if first.of == second.of else None
        world.become(right if first is not None else left, left if second is not None else right)
        return None

    def use(self, step: Use, world: World, *, sure: bool) -> None:
        """A need, met or not."""
        need = step.need
        there = world.has(need.kind, need.name)
        providers = [name for name in world.providers(need.kind, need.name) if name]
        verdict = Verdict.PRESENT if there else Verdict.UNKNOWN
        if there is False:
            verdict = Verdict.INSTALLABLE if providers else Verdict.NOWHERE
        package = next((name for name in providers if world.packages.get(name) or name in self.facts.installed), "")
        self.judged.append(Judged(need, verdict, package or "".join(providers[:1]), sure, step.tolerated))
        if there is None:
            why = world.why_unknown(need.kind, need.name)
            self.add(need, "SP000", "note", f"cannot tell whether {_called(need)} is there: {why}", verdict=verdict)
        elif there is False:
            self.missing(need, world, sure=sure, tolerated=step.tolerated, packages=step.packages)

    def missing(
        self,
        need: Need,
        world: World,
        *,
        sure: bool,
        tolerated: str = "",
        packages: tuple[str, ...] = (),
        stops: bool = False,
    ) -> None:
        """Tells of a need that is not met."""
        facts = self.facts
        gone = facts.installed - world.removed
        providers = [name for name in world.providers(need.kind, need.name) if name and name not in gone]
        verdict = Verdict.INSTALLABLE if providers else Verdict.NOWHERE
        severity: Severity = "note" if tolerated else "error" if sure else "warning"
        if need.kind is Kind.FILE and severity == "error":
            severity = "warning"  # it may have been put there by other means
        rule, fix = ("SP001" if providers else "SP002"), ""
        where = f"package {providers[0]} has it" if providers else "no repository has it"
        message = f"{_called(need)} is not in the image; {where}"
        manager = FOREIGN.get(need.name) if need.kind is Kind.COMMAND else None
        if need.kind is Kind.SERVICE:
            rule, fix = "SP008", service_fix(need.name, providers, facts)
        elif need.kind in (Kind.USER, Kind.GROUP):
            rule, fix = "SP009", account_fix(need.kind, need.name, providers, facts)
            message = f"{_called(need)} does not exist at this point"
        elif manager and manager not in facts.family and facts.manager and not providers:
            rule, fix = "SP004", foreign_fix(need.name, packages, facts)
            message = f"{need.name} is not the package manager of this image, which is {facts.manager}"
        elif manager and manager in facts.family:
            rule, fix = "SP004", foreign_fix(need.name, packages, facts)
            message = f"{need.name} is not in this image, whose package manager is {facts.manager}"
        else:
            fix = package_fix(providers, facts) if providers else command_fix(need, facts)
        if stops:
            message += "; the script looks for it and ends with an error"
        elif tolerated:
            message += f" (harmless: {tolerated})"
        self.add(need, rule, severity, message, fix=fix, verdict=verdict)

    def install(self, step: Install, world: World, *, sure: bool) -> None:
        """What a package manager is told to install."""
        facts = self.facts
        if step.manager not in (*facts.family, ANY_MANAGER):
            for name in step.packages:
                world.made.setdefault((Kind.COMMAND, name), False)
                for one in packages_for(name, facts):
                    world.packages.setdefault(one, False)
            return
        known: list[str] = []
        for need in step.needs:
            known += self.packages(need, world, sure=sure)
        if not step.confirmed and (not step.packages or any(not world.has(Kind.PACKAGE, name) for name in known)):
            severity: Severity = "error" if sure and not step.terminal else "warning"
            need = Need(Kind.COMMAND, step.manager, step.place, step.text)
            message = f"{step.text.split(' ', 1)[0]} asks before it goes on, and ends with an error without a terminal"
            self.add(need, "SP006", severity, message, fix="add -y")
        certain, possible = facts.closure(known)
        world.packages |= dict.fromkeys(certain, True)
        for name in possible:
            world.packages.setdefault(name, False)
        world.removed -= certain
        self.arrived(world, step.place, "installed", list(self.pending))

    def packages(self, need: Need, world: World, *, sure: bool) -> tuple[str, ...]:
        """The packages that a name means; tells when there is none."""
        facts, name, line = self.facts, need.name, need.place.line
        if UNKNOWN in name or name.startswith("@"):
            what = "a group of packages" if name.startswith("@") else "packages that a variable names"
            world.clouds.setdefault("installable", f"{what} are installed (line {line})")
            if "repository" in world.clouds:
                world.clouds.setdefault("anything", world.clouds["repository"])
            return ()
        if "://" in name or name.endswith(".rpm"):
            world.clouds.setdefault("anything", f"{name} is installed from a file (line {line})")
            world.clouds.setdefault("repository", f"{name} may add a repository")
            return ()
        found = facts.resolve(name)
        if not found and "repository" in world.clouds:
            world.clouds.setdefault("anything", f"{name} comes from a repository that is not known")
        elif not found:
            here = packages_for(name, facts)
            as_command = [one for one in facts.commands.get(name, ()) if one]
            fix = f"it is called {', '.join(here)} here" if here else near(name, facts.packages)
            fix = f"the command {name} is in package {as_command[0]}" if as_command else fix
            message = f"no repository of the image has a package {name}"
            self.add(need, "SP005", "error" if sure else "warning", message, fix=fix, verdict=Verdict.NOWHERE)
            world.made.setdefault((Kind.COMMAND, name), False)
            for one in here:
                world.packages.setdefault(one, False)
        return found

    def arrived(self, world: World, place: Place, how: str, what: list[tuple[str, str]]) -> None:
        """Looks again at what was missing: it was used too early. `what`: kinds and names that may be there now."""
        self.fuel -= len(what) + len(world.assumed)
        world.assumed = {name: value for name, value in world.assumed.items() if value}
        for key in [key for one in what for key in self.pending.get(one, ())]:
            finding = self.findings[key]
            if finding.rule not in MISSING:
                continue
            elsewhere = finding.place.file != place.file or finding.place.line == place.line
            if not elsewhere and world.has(Kind(finding.kind), finding.name):
                message = f"{finding.kind} {finding.name} is used here, and only {how} in line {place.line}"
                fix = f"move line {place.line} before line {finding.place.line}"
                self.findings[key] = replace(finding, rule="SP003", message=message, fix=fix)

    def tell(self, step: Tell, *, sure: bool) -> None:
        severity: Severity = step.severity if sure or step.severity != "error" else "warning"
        need = Need(Kind.FILE, step.name, step.place, step.text)
        self.add(need, step.rule, severity, step.message, fix=step.fix, kind="")

    def add(
        self,
        need: Need,
        rule: str,
        severity: Severity,
        message: str,
        *,
        fix: str = "",
        verdict: Verdict | None = None,
        kind: str | None = None,
    ) -> None:
        """Keeps a finding; one that repeats another adds its line to it."""
        label = need.kind.value if kind is None else kind
        where = f"{need.place.line}" if rule in ("SP004", "SP010", "SP011") else ""
        key = (rule if rule not in MISSING else "missing", label, f"{need.name}{where}", severity)
        known = self.findings.get(key)
        if known is not None and rule == "SP004" and verdict and len(fix) > len(known.fix):
            need = replace(need, place=known.place)  # the statement that installs says which packages to install
        elif known is not None and known.place <= need.place:
            if need.place.line != known.place.line and need.place.line not in known.also:
                self.findings[key] = replace(known, also=(*known.also, need.place.line))
            return
        if any((*key[:3], higher) in self.findings for higher in RANK if RANK[higher] > RANK[severity]):
            return
        if rule in MISSING and severity != "note":
            self.pending.setdefault((label, shown(need.name)), []).append(key)
        self.findings[key] = Finding(
            rule=rule,
            severity=severity,
            confidence="high" if severity == "error" else "low" if rule == "SP000" else "medium",
            message=message,
            place=need.place,
            fix=fix,
            kind=label,
            name=shown(need.name),
            verdict=verdict,
            text=need.text.replace(UNKNOWN, "…"),
        )


def _asked(test: Test) -> Iterator[Need]:
    """The commands that a test looks for."""
    match test:
        case Exists():
            yield test.need
        case Not():
            yield from _asked(test.test)
        case All() | Some():
            for one in test.tests:
                yield from _asked(one)
        case _:
            pass


def _called(need: Need) -> str:
    return f"{need.kind} {shown(need.name)}"
