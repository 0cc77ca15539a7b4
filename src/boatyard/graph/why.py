"""Why a component is built anew or not: what its result was made from, compared with what it would be made from now."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec import structs

from boatyard.artifact.explanation import Explanation, LeafReason, PackageChange, PackagesReason, WaitReason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Literal

    from boatyard.artifact.build_ledger import BuildEntry
    from boatyard.artifact.build_result import BuildInputs, BuildResult, RpmFile, UsedPackage
    from boatyard.artifact.explanation import Change, Difference, Reason, Verdict

    Compare = Callable[[RpmFile, RpmFile], tuple[str, ...]]
    _Told = tuple[Verdict, tuple[Reason, ...], tuple[PackagesReason, ...]]


@dataclass(frozen=True, slots=True)
class Known:
    """What a component would be built from. `there`: whether the store has a result of that, so that it is reused."""

    inputs: BuildInputs
    there: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """The inputs of a component whose buildroot is not known before the components in `waits_for` are built.

    Without any of these it is not known before the spec has told its requirements, which the build asks for.
    """

    definition: Mapping[str, str]
    waits_for: tuple[str, ...] = ()


def explain(
    component: str,
    ledger: Callable[[str], BuildEntry | None],
    present: Callable[[str], Known | Unknown] | None = None,
    *,
    strict: bool = False,
    compare: Compare | None = None,
) -> Explanation:
    """What the next build would do with a component, and why; without `present`, what the last run did.

    `strict`: every difference of a package counts, as in strict builds. `compare`: tells how two packages differ.
    """
    return _Explainer(ledger, present, strict, compare).explain(component)


def package_changes(
    old: Iterable[UsedPackage], new: Iterable[UsedPackage], *, strict: bool = False
) -> list[PackageChange]:
    """How the packages of two buildroots differ, sorted by name."""
    before, after = ({used.name: used for used in packages} for packages in (old, new))
    changes = []
    for name in sorted(before.keys() | after.keys()):
        one, other = before.get(name), after.get(name)
        if one is None or other is None:
            change: Literal["added", "removed"] = "removed" if other is None else "added"
            changes.append(PackageChange(name=name, change=change, before=_version(one), after=_version(other)))
        elif kind := _difference(one, other, strict=strict):
            changes.append(PackageChange(name=name, change=kind, before=_version(one), after=_version(other)))
    return changes


def _difference(
    one: UsedPackage, other: UsedPackage, *, strict: bool
) -> Literal["", "interface", "content", "rebuilt", "repacked"]:
    if one.interface != other.interface:
        return "interface"
    if one.payload != other.payload:
        return "content" if strict else "rebuilt"
    return "repacked" if one.sha256 != other.sha256 else ""


def _version(used: UsedPackage | None) -> str:
    return str(used.evr) if used is not None else ""


def _counts(change: PackageChange) -> bool:
    return change.change not in ("rebuilt", "repacked")


@dataclass
class _Chain:
    """A reason that is being followed: filled in when its component's turn comes."""

    component: str
    packages: tuple[PackageChange, ...]
    before: Mapping[str, UsedPackage]
    after: Mapping[str, UsedPackage]
    because: list[LeafReason | _Chain] = field(default_factory=list)
    unexplained: Literal["", "not recorded", "first build", "told above", "built more than once since"] = ""

    def reason(self) -> PackagesReason:
        return PackagesReason(
            component=self.component,
            packages=self.packages,
            because=_finished(self.because),
            unexplained=self.unexplained,
        )


def _finished(reasons: Iterable[LeafReason | _Chain]) -> tuple[Difference, ...]:
    return tuple(reason.reason() if isinstance(reason, _Chain) else reason for reason in reasons)


@dataclass
class _Explainer:
    """One explanation. Chains are followed side by side, each component once: where the way to it is shortest."""

    ledger: Callable[[str], BuildEntry | None]
    present: Callable[[str], Known | Unknown] | None
    strict: bool
    compare: Compare | None = None
    told: set[str] = field(default_factory=set)
    roots: set[str] = field(default_factory=set)
    queue: deque[_Chain] = field(default_factory=deque)

    def explain(self, component: str) -> Explanation:
        entry = self.ledger(component)
        now = self.present(component) if self.present is not None else None
        if entry is None:
            found = isinstance(now, Known) and now.there
            return Explanation(component=component, verdict="in the store" if found else "never built")
        self.told.add(component)
        if self.present is None:
            now = self._inputs_of_last_run(entry)
        last: tuple[Reason, ...] = ()
        if now is not None and entry.before is not None:
            last = _Explainer(self.ledger, None, self.strict, self.compare, {component})._between(
                entry.before, entry.latest
            )
        told: _Told
        if now is None:
            told = "was built", self._between(entry.before, entry.latest), ()
        elif isinstance(now, Unknown):
            told = self._waiting(component, entry, now)
        else:
            told = self._compared(component, entry.latest.inputs, now.inputs, now.there)
        verdict, reasons, cut_off = told
        roots, key = tuple(sorted(self.roots)), entry.latest.key
        return Explanation(
            component=component, verdict=verdict, reasons=reasons, cut_off=cut_off, last=last, key=key, roots=roots
        )

    def _inputs_of_last_run(self, entry: BuildEntry) -> Known | None:
        """What the last run would have built from; None when it did build."""
        return Known(entry.seen or entry.latest.inputs, there=True) if entry.reused else None

    def _between(self, before: BuildResult | None, after: BuildResult) -> tuple[Difference, ...]:
        """Why a result took the place of another; nothing when there was none."""
        if before is None:
            return ()
        found = self._differences(after.component, before.inputs, after.inputs)
        self._follow()
        return _finished(found)

    def _compared(self, component: str, old: BuildInputs, now: BuildInputs, there: bool) -> _Told:
        reasons = self._differences(component, old, now)
        self._follow()
        roots = set(self.roots)
        changes = package_changes(old.environment, now.environment, strict=self.strict)
        cut_off = self._chains(old, now, [change for change in changes if not _counts(change)])
        self._follow()
        if reasons:
            self.roots = roots  # what was cut off is no reason
        verdict: Verdict = "was reused" if self.present is None else "nothing changed"
        if reasons or not there:
            verdict = "in the store" if there and self.present is not None else "to be built"
        return verdict, _finished(reasons), tuple(chain.reason() for chain in cut_off)

    def _waiting(self, component: str, entry: BuildEntry, now: Unknown) -> _Told:
        """What is known of a component whose needs are not built yet: its own leaves, and what these wait for."""
        leaves = self._leaves(component, entry.latest.inputs.definition, now.definition)
        waits: list[tuple[str, Verdict, Sequence[LeafReason | _Chain]]] = []
        todo, met = deque(now.waits_for), {component, *now.waits_for}
        while todo:
            name = todo.popleft()
            verdict, because, further = self._first(name)
            if verdict != "not known yet":
                waits.append((name, verdict, because))
            todo.extend(other for other in further if other not in met)
            met.update(further)
        self._follow()
        found = (WaitReason(component=name, verdict=word, because=_finished(because)) for name, word, because in waits)
        return "to be built" if leaves else "not known yet", (*leaves, *found), ()

    def _first(self, component: str) -> tuple[Verdict, Sequence[LeafReason | _Chain], tuple[str, ...]]:
        """Whether a component is to be built by itself, why, and what it waits for in its turn."""
        entry = self.ledger(component)
        now = self.present(component) if self.present is not None else Unknown({})
        further = now.waits_for if isinstance(now, Unknown) else ()
        if entry is None:
            self.roots.add(f"{component}: never built")
            return "never built", (), further
        self.told.add(component)
        because: Sequence[LeafReason | _Chain]
        if isinstance(now, Unknown):
            because = self._leaves(component, entry.latest.inputs.definition, now.definition)
        else:
            because = self._differences(component, entry.latest.inputs, now.inputs)
        return "to be built" if because or isinstance(now, Known) else "not known yet", because, further

    def _differences(self, component: str, old: BuildInputs, new: BuildInputs) -> list[LeafReason | _Chain]:
        """What counts of the differences; the chains among them are followed later."""
        changes = package_changes(old.environment, new.environment, strict=self.strict)
        chains = self._chains(old, new, [change for change in changes if _counts(change)])
        return [*self._leaves(component, old.definition, new.definition), *chains]

    def _leaves(self, component: str, old: Mapping[str, str], new: Mapping[str, str]) -> list[LeafReason]:
        found = []
        for leaf in sorted(old.keys() | new.keys()):
            if (leaf in old) == (leaf in new) and old.get(leaf) == new.get(leaf):
                continue
            change: Change = "added" if leaf not in old else "removed" if leaf not in new else "changed"
            found.append(LeafReason(leaf=leaf, change=change, before=old.get(leaf, ""), after=new.get(leaf, "")))
            self.roots.add(f"{component}: {leaf}")
        return found

    def _chains(self, old: BuildInputs, new: BuildInputs, changes: Sequence[PackageChange]) -> list[_Chain]:
        """The changes by component, sorted; those of repositories, which have none, come last."""
        before, after = ({used.name: used for used in inputs.environment} for inputs in (old, new))
        groups: dict[str, list[PackageChange]] = {}
        for change in changes:
            used = after.get(change.name) or before[change.name]
            groups.setdefault(used.component, []).append(change)
        found = [
            _Chain(component, tuple(groups[component]), before, after)
            for component in sorted(groups, key=lambda name: (not name, name))
        ]
        self.queue.extend(found)
        return found

    def _follow(self) -> None:
        """Follows every chain down to its leaves, level by level."""
        while self.queue:
            chain = self.queue.popleft()
            if not chain.component:
                self.roots.update(f"repository: {change.name}" for change in chain.packages if _counts(change))
            elif chain.component in self.told:
                chain.unexplained = "told above"
            else:
                self.told.add(chain.component)
                self._fill(chain)

    def _fill(self, chain: _Chain) -> None:
        """Tells why the component of a chain was built anew, if it was."""
        entry = self.ledger(chain.component)
        if entry is None:
            chain.unexplained = "not recorded"
        elif entry.before is None:
            chain.unexplained = "first build"
        else:
            names = [{rpm.name for rpm in result.rpms} for result in (entry.before, entry.latest)]
            if all(
                (change.change == "added" and change.name in names[0])
                or (change.change == "removed" and change.name in names[1])
                for change in chain.packages
            ):
                return  # it is wanted now, or no longer: not for anything that its component did
            chain.because = self._differences(chain.component, entry.before.inputs, entry.latest.inputs)
            chain.packages = tuple(
                self._detailed(change, chain, entry.before, entry.latest) for change in chain.packages
            )
            if not _joins(chain, entry.before, entry.latest):
                chain.unexplained = "built more than once since"
        if chain.unexplained in ("not recorded", "first build"):
            self.roots.add(f"{chain.component}: {chain.unexplained}")

    def _detailed(
        self, change: PackageChange, chain: _Chain, before: BuildResult, latest: BuildResult
    ) -> PackageChange:
        """With what looks different, when the two results gave the two packages."""
        if self.compare is None or change.change != "interface":
            return change
        digests = (chain.before[change.name].sha256, chain.after[change.name].sha256)
        old = next((rpm for rpm in before.rpms if rpm.sha256 == digests[0]), None)
        new = next((rpm for rpm in latest.rpms if rpm.sha256 == digests[1]), None)
        return structs.replace(change, details=self.compare(old, new)) if old and new else change


def _joins(chain: _Chain, before: BuildResult, latest: BuildResult) -> bool:
    """Whether the packages of a chain are those that the two results gave, so that all that happened is told."""
    return all(
        used.component != chain.component or any(rpm.sha256 == used.sha256 for rpm in result.rpms)
        for packages, result in ((chain.before, before), (chain.after, latest))
        for used in (packages[change.name] for change in chain.packages if change.name in packages)
    )
