"""Which packages a buildroot is made of: all requirements met, exactly these files, the same on every machine.

libsolv answers. A universe holds RPMs of this project's components, which win over everything else, and packages of
repositories. libsolv may choose among equals by the order in which packages were added; where it had such a choice, the
question is put again to a pool that was filled in sorted order, so that the answer depends on the packages alone.
"""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boatyard.artifact.build_result import RpmFile
from boatyard.base.digest import sha256_file
from boatyard.base.error import BuildError, TrustError
from boatyard.base.nevra import Evr

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

SHOWN = 20
OWN, OTHER = 100, 50  # priorities in libsolv: the higher one is taken, whatever the version
_RELATION = re.compile(r"^(?P<name>\S+)\s*(?P<relation><=|>=|==|=|<|>)\s*(?P<evr>\S+)$")
_FILE = re.compile(r"^ *<file[ >].*\n", re.MULTILINE)
# Kept for the life of the process: the same packages are asked about for component after component.
_texts: dict[str, str] = {}
_read: dict[str, _Metadata] = {}  # by folder and digest of repomd.xml


class UnsolvableError(BuildError):
    """Requirements cannot be met. `missing`: the capabilities that nobody provides, as far as that is the reason."""

    def __init__(self, what: str, *, missing: tuple[str, ...], detail: str, hint: str) -> None:
        super().__init__(what, detail=detail, hint=hint)
        self.missing = missing


class Universe:
    """The packages that a buildroot can be made of: files on disk, and folders with repodata.

    Adding is cheap. The same name, version and architecture with other content is refused (TrustError): a build could
    not say which of them it was made with.
    """

    def __init__(self, rpms: Iterable[RpmFile] = (), repositories: Iterable[Path] = ()) -> None:
        self._rpms: dict[str, RpmFile] = {}
        self._repositories = tuple(repositories)
        self._digests: dict[str, tuple[str, str]] = {}
        self._pools: dict[str, _Pool] = {}
        self.add(rpms)

    def add(self, rpms: Iterable[RpmFile]) -> None:
        """Adds packages; those that are there already (by digest) change nothing."""
        for rpm in rpms:
            if rpm.sha256 in self._rpms:
                continue
            _refuse_other(self._digests, str(rpm.nevra), rpm.sha256, str(rpm.path))
            self._rpms[rpm.sha256] = rpm

    def pool(self, arch: str) -> _Pool:
        """The pool of an architecture, with all that was added."""
        pool = self._pools.get(arch)
        if pool is None:
            pool = self._pools[arch] = _new_pool(arch, self._repositories, self._digests)
        pool.extend(rpm for rpm in self._rpms.values() if rpm.sha256 not in pool.known)
        return pool

    def sorted_pool(self, arch: str) -> _Pool:
        """The same, filled in an order that does not depend on when a package was added; it takes the other's place."""
        pool = _new_pool(arch, self._repositories, {})
        pool.extend(sorted(self._rpms.values(), key=_order))
        pool.in_order = True
        self._pools[arch] = pool
        return pool


def solve(universe: Universe, wanted: Sequence[str], arch: str, *, who: str = "") -> tuple[RpmFile, ...]:
    """The packages that `wanted` (names, capabilities, paths, `name >= version`, rich dependencies) needs, by name.

    UnsolvableError says what nobody provides, and who needs it; `who` (a component) wants these, for the message.
    """
    words = [word for word in dict.fromkeys(wanted) if not word.startswith("rpmlib(")]
    pool = universe.pool(arch)
    solver = _solve(pool, words, who)
    if solver.alternatives_count() and not pool.in_order:
        pool = universe.sorted_pool(arch)
        solver = _solve(pool, words, who)
    chosen = [pool.file_of(solvable) for solvable in solver.transaction().newsolvables()]
    return tuple(sorted(chosen, key=_order))


def is_provided(universe: Universe, capability: str, arch: str) -> bool:
    """Whether some package provides a capability, or has a file."""
    return bool(_jobs(universe.pool(arch).pool, capability))


def _order(rpm: RpmFile) -> tuple[str, str, str, str]:
    return rpm.name, str(rpm.evr), rpm.arch, rpm.sha256


@dataclass(slots=True)
class _Pool:
    """libsolv's pool, and the file of each of its packages."""

    pool: Any
    own: Any
    known: set[str] = field(default_factory=set)
    files: dict[int, RpmFile] = field(default_factory=dict)
    folders: dict[str, Path] = field(default_factory=dict)
    in_order: bool = False

    def extend(self, rpms: Iterable[RpmFile]) -> None:
        fresh = list(rpms)
        if not fresh:
            return
        first = max((solvable.id for solvable in self.own.solvables), default=0)
        texts = "".join(metadata(rpm) for rpm in fresh)
        with _as_file(_METADATA.format(count=len(fresh), packages=texts)) as stream:
            self.own.add_rpmmd(stream, None)
        added = sorted(solvable.id for solvable in self.own.solvables if solvable.id > first)
        self.files.update(zip(added, fresh, strict=True))
        self.known.update(rpm.sha256 for rpm in fresh)
        self.in_order = False
        self.pool.addfileprovides()
        self.pool.createwhatprovides()

    def file_of(self, solvable: Any) -> RpmFile:
        found = self.files.get(solvable.id)
        if found is None:
            found = self.files[solvable.id] = _of_repository(solvable, self.folders[solvable.repo.name])
        return found


def _new_pool(arch: str, repositories: Sequence[Path], digests: dict[str, tuple[str, str]]) -> _Pool:
    import solv

    pool = solv.Pool()
    pool.setdisttype(solv.Pool.DISTTYPE_RPM)
    pool.setarch(arch)
    own = pool.add_repo("own")
    own.priority = OWN
    made = _Pool(pool, own)
    for number, folder in enumerate(repositories):
        repo = pool.add_repo(f"{number}:{folder}")
        repo.priority = OTHER
        made.folders[repo.name] = folder
        for nevra, sha256 in _fill(repo, folder).packages:
            _refuse_other(digests, nevra, sha256, str(folder))
    pool.addfileprovides()
    pool.createwhatprovides()
    return made


@dataclass(frozen=True, slots=True)
class _Metadata:
    """A repository in libsolv's own format, in a file that is on no disk, and name and SHA-256 of its packages.

    Reading that takes a hundredth of what reading XML takes.
    """

    handle: int
    packages: tuple[tuple[str, str], ...]


def _fill(repo: Any, folder: Path) -> _Metadata:
    """Adds what a folder's metadata has to a libsolv repository; it is verified and read once for each content."""
    import solv

    repomd = folder / "repodata/repomd.xml"
    content = f"{folder} {sha256_file(repomd) if repomd.is_file() else ''}"
    known = _read.get(content)
    if known is not None:
        os.lseek(known.handle, 0, os.SEEK_SET)
        repo.add_solv(solv.xfopen_fd("known.solv", os.dup(known.handle)))
        return known
    for path, flags in _metadata_files(folder):
        repo.add_rpmmd(solv.xfopen(str(path)), None, flags)
    names = [(str(one), _sha256(one)) for one in repo.solvables if one.arch not in ("src", "nosrc")]
    made = _Metadata(os.memfd_create("known.solv", os.MFD_CLOEXEC), tuple(names))
    stream = solv.xfopen_fd("known.solv", os.dup(made.handle), "w")
    repo.write(stream)
    stream.close()
    return _read.setdefault(content, made)


def _refuse_other(digests: dict[str, tuple[str, str]], nevra: str, sha256: str, origin: str) -> None:
    known, other = digests.setdefault(nevra, (sha256, origin))
    if known != sha256:
        raise TrustError(
            f"two packages are {nevra} and differ in content",
            detail=f"{known}  {other}\n{sha256}  {origin}",
            hint="raise the release of the one that was changed, or leave one of the two repositories out",
        )


def _metadata_files(folder: Path) -> Iterator[tuple[Path, int]]:
    """Primary and filelists of a repository, as its repomd.xml names them, with libsolv's flags."""
    import createrepo_c
    import solv

    try:
        repomd = createrepo_c.Repomd(str(folder / "repodata/repomd.xml"))
    except Exception as error:  # the binding raises its own class and OSError
        raise BuildError(
            f"{folder} is no repository: {error}", hint="a folder with repodata/repomd.xml is wanted"
        ) from error
    records = {record.type: record for record in repomd.records}
    for kind, flags in (("primary", 0), ("filelists", solv.Repo.REPO_EXTEND_SOLVABLES)):
        if kind not in records:
            raise BuildError(f"the repository {folder} has no {kind} metadata", hint="make its metadata anew")
        path = folder / records[kind].location_href
        if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
            raise BuildError(f"the repository {folder} lacks {records[kind].location_href}")
        if records[kind].checksum_type != "sha256" or sha256_file(path) != records[kind].checksum:
            raise TrustError(f"{path} is not what repomd.xml says", hint="fetch the repository's metadata again")
        yield path, flags


def _sha256(solvable: Any) -> str:
    import solv

    checksum = solvable.lookup_checksum(solv.SOLVABLE_CHECKSUM)
    if checksum is None or checksum.typestr() != "sha256":
        raise TrustError(
            f"the metadata has no SHA-256 of {solvable}", hint="make the repository's metadata with sha256"
        )
    return str(checksum.hex())


def _of_repository(solvable: Any, folder: Path) -> RpmFile:
    import solv

    location = str(solvable.lookup_location()[0])
    path = folder / location
    if Path(location).is_absolute() or ".." in Path(location).parts:
        raise TrustError(f"the metadata of {folder} names a file outside of it: {location}")
    return RpmFile(
        path=path,
        name=solvable.name,
        evr=Evr.parse(solvable.evr),
        arch=solvable.arch,
        size=solvable.lookup_num(solv.SOLVABLE_DOWNLOADSIZE),
        sha256=_sha256(solvable),
    )


_METADATA = """\
<?xml version="1.0" encoding="UTF-8"?>
<metadata xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm" \
packages="{count}">
{packages}</metadata>
"""


def metadata(rpm: RpmFile) -> str:
    """What primary.xml says of a package, but with all of its files, which primary.xml has only in part."""
    text = _texts.get(rpm.sha256)
    if text is None:
        import createrepo_c

        try:
            package = createrepo_c.package_from_rpm(str(rpm.path), location_href=rpm.file_name)
        except Exception as error:  # the binding raises its own class and SystemError
            raise BuildError(f"{rpm.path} is not an RPM: {error}") from error
        files = "".join(_FILE.findall(createrepo_c.xml_dump_filelists(package)))
        primary = _FILE.sub("", createrepo_c.xml_dump_primary(package))
        text = _texts[rpm.sha256] = primary.replace("  </format>\n", f"{files}  </format>\n")
    return text


@contextlib.contextmanager
def _as_file(text: str) -> Iterator[Any]:
    """An open file for libsolv, which reads files only; it is never on a disk."""
    import solv

    handle = os.memfd_create("primary.xml", os.MFD_CLOEXEC)
    try:
        data = memoryview(text.encode())
        while data:
            data = data[os.write(handle, data) :]
        os.lseek(handle, 0, os.SEEK_SET)
        yield solv.xfopen_fd("primary.xml", handle)
    finally:
        os.close(handle)


def _solve(pool: _Pool, words: Sequence[str], who: str) -> Any:
    import solv

    jobs: list[Any] = []
    missing: list[str] = []
    for word in words:
        found = _jobs(pool.pool, word)
        jobs.extend(found)
        if not found:
            missing.append(word)
    solver = pool.pool.Solver()
    solver.set_flag(solv.Solver.SOLVER_FLAG_IGNORE_RECOMMENDED, 1)
    problems = solver.solve(jobs)
    if not problems and not missing:
        return solver
    reasons = {f"nothing provides {word}{f', which {who} requires' if who else ''}": None for word in missing}
    for problem in problems:
        for rule in problem.findallproblemrules() if len(problems) == 1 else [problem.findproblemrule()]:
            for info in rule.allinfos():
                text = str(info.problemstr())
                if info.type == solv.Solver.SOLVER_RULE_PKG_NOTHING_PROVIDES_DEP and info.dep is not None:
                    missing.append(str(info.dep))
                if text != "conflicting requests":
                    reasons.setdefault(text)
    lines = _most_telling(list(reasons))
    rest = [f"and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    raise UnsolvableError(
        f"the buildroot{f' of {who}' if who else ''} cannot be made: {lines[0] if lines else 'conflicting requests'}",
        missing=tuple(dict.fromkeys(missing)),
        detail="\n".join(lines[:SHOWN] + rest) if len(lines) > 1 else "",
        hint="add a component that provides it, name a repository that does, or drop the requirement by an overlay",
    )


def _most_telling(reasons: list[str]) -> list[str]:
    """Missing and conflicting things first; that something is wanted by what is wanted explains little."""
    telling = [reason for reason in reasons if reason.startswith(("nothing provides", "no ")) or "conflict" in reason]
    return telling + [reason for reason in reasons if reason not in telling]


def _jobs(pool: Any, word: str) -> list[Any]:
    """libsolv's orders to install something that satisfies a word; none when nothing does."""
    import solv

    install = solv.Job.SOLVER_INSTALL
    if word.startswith("("):
        dep = pool.parserpmrichdep(word)
        if dep is None:
            raise BuildError(
                f"{word!r} is no dependency that rpm knows", hint="see rpm's manual on boolean dependencies"
            )
        return [pool.Job(install | solv.Job.SOLVER_SOLVABLE_PROVIDES, dep.id)]
    if match := _RELATION.match(word):
        relations = {"<": solv.REL_LT, ">": solv.REL_GT, "=": solv.REL_EQ}
        flags = 0
        for sign in match["relation"]:
            flags |= relations[sign]
        dep = pool.Dep(match["name"]).Rel(flags, pool.Dep(match["evr"]))
    else:
        dep = pool.Dep(word)
    if pool.whatprovides(dep):
        return [pool.Job(install | solv.Job.SOLVER_SOLVABLE_PROVIDES, dep.id)]
    if word.startswith("/"):
        selection = pool.select(word, solv.Selection.SELECTION_FILELIST)
        return list(selection.jobs(install))
    return []
