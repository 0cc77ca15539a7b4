"""A builder that needs no rpmbuild and no root file system, behind the real engine, keys and store.

It makes packages out of all that a real build could read: every file of the source tree with its mode, every word of
the spec after macros, and what each package of the buildroot shows to builds. What that is is not asked of
`rpm.interface`: it is written down when a package is made, so that a rule which hides too much is found out.

A spec tells what it packs in lines of its %build: see `_Spec`.
"""

from __future__ import annotations

import json
import os
import re
import stat
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec import structs
from tests.rpm import elf_file
from tests.rpm.elf_file import SharedLibrary, Symbol
from tests.rpm.rpm_file import EQUAL, REG, File, Package, write

from boatyard.artifact.build_task import Requirements
from boatyard.artifact.buildroot import Srpm
from boatyard.base.digest import sha256_bytes
from boatyard.base.error import BuildError
from boatyard.build.depot import Depot
from boatyard.flow.build import task as steps
from boatyard.rpm.header import read_rpm

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pytest

    from boatyard.artifact.build_result import RpmFile
    from boatyard.artifact.source_tree import SourceTree
    from boatyard.flow.build.task import Order

SHOWN = "BOATYARD_TEST_SHOWN"  # the folder of what packages show, by their digest
STRIKE = "BOATYARD_TEST_STRIKE"  # after how many steps the process dies; 0: never
KILLED = 137
_MACRO = re.compile(r"%\{\??(\w+)\}")


@dataclass(frozen=True)
class Root:
    """A buildroot: what its packages show, by their names."""

    shown: dict[str, dict[str, object]]

    @property
    def macros(self) -> dict[str, str]:
        """Those of all packages; of two that define the same the later by name wins."""
        found: dict[str, str] = {}
        for name in sorted(self.shown):
            found |= self.shown[name]["macros"]  # type: ignore[operator]
        return found


@dataclass
class _Spec:
    """The lines of a spec, macros expanded.

    In %build: `export SYMBOL`, `code`, `header`, `doc`, `program`, `data`, `python` (each with text), `macro NAME
    VALUE`, `ask CAPABILITY`, `run SOURCE`, `plugin` (a package more) and `fail`.
    """

    name: str = ""
    version: str = ""
    release: str = ""
    epoch: int = 0
    requires: list[str] = field(default_factory=list)
    words: dict[str, list[str]] = field(default_factory=dict)
    dynamic: bool = False

    @classmethod
    def of(cls, text: str, macros: dict[str, str]) -> _Spec:
        made = cls()
        for line in text.splitlines():
            key, _, value = _MACRO.sub(lambda match: macros.get(match[1], ""), line).partition(" ")
            if key in ("Name:", "Version:", "Release:"):
                setattr(made, key[:-1].lower(), value.strip())
            elif key == "Epoch:":
                made.epoch = int(value)
            elif key == "BuildRequires:" and value.strip():
                made.requires.append(value.strip())
            elif key == "%generate_buildrequires":
                made.dynamic = True
            else:
                made.words.setdefault(key, []).append(value)
        return made


def install(patch: pytest.MonkeyPatch) -> None:
    """Takes the place of rpmbuild and buildroots for the time of a patch. `SHOWN` must name a folder."""
    patch.setattr(steps, "root_of", _root_of)
    patch.setattr(steps, "using", _using)
    patch.setattr(steps, "make_srpm", _make_srpm)
    patch.setattr(steps, "generate_requires", _generate_requires)
    patch.setattr(steps, "build_in_root", _build)
    put_record = Depot.put_record

    def struck(depot: Depot, *words: object, **more: object) -> object:
        _strike()
        given = put_record(depot, *words, **more)  # type: ignore[arg-type]
        _strike()
        return given

    patch.setattr(Depot, "put_record", struck)


def publish(package: Package, folder: Path, macros: dict[str, str], seen: dict[str, str], asks: Sequence[str]) -> Path:
    """Writes a package below a folder, and what it shows to builds."""
    path = write(package, folder / f"{package.name}-{package.version}-{package.release}.{package.arch}.rpm")
    facts = {
        "version": f"{package.epoch}:{package.version}",
        "provides": sorted(name for name, _, _ in package.provides),
        "seen": seen,
        "macros": macros,
        "asks": list(asks),
    }
    shown = os.environ[SHOWN] + "/" + sha256_bytes(path.read_bytes())
    temporary = f"{shown}.{os.getpid()}.{id(path)}"
    with open(temporary, "w", encoding="utf-8") as stream:  # noqa: PTH123
        json.dump(facts, stream)
    os.replace(temporary, shown)  # noqa: PTH105
    return path


def _strike() -> None:
    left = int(os.environ.get(STRIKE, "0"))
    if left == 1:
        os._exit(KILLED)
    if left:
        os.environ[STRIKE] = str(left - 1)


def _root_of(order: Order, depot: Depot, _run: object) -> Root:
    shown = {}
    for rpm in order.task.buildroot:
        path = depot.fetch(rpm.sha256)
        assert sha256_bytes(path.read_bytes()) == rpm.sha256
        with open(f"{os.environ[SHOWN]}/{rpm.sha256}", encoding="utf-8") as stream:  # noqa: PTH123
            shown[rpm.name] = json.load(stream)
    return Root(shown)


@contextmanager
def _using(root: Root) -> Iterator[Root]:
    yield root


def _read(tree: SourceTree, root: Root) -> _Spec:
    _strike()
    return _Spec.of(tree.spec_path.read_text(), root.macros)


def _make_srpm(
    tree: SourceTree, root: Root, _env: object, _limits: object, work: Path, _log: object, _run: object
) -> Srpm:
    spec = _read(tree, root)
    return Srpm(rpm=_srpm(spec, tree, root, work), requires=tuple(sorted(spec.requires)), dynamic=spec.dynamic)


def _generate_requires(
    tree: SourceTree, root: Root, _env: object, _limits: object, _work: object, _log: object, _run: object
) -> Requirements:
    spec = _read(tree, root)
    asked = [str(word) for one in root.shown.values() for word in one["asks"]]  # type: ignore[attr-defined]
    there = {str(name) for one in root.shown.values() for name in one["provides"]}  # type: ignore[attr-defined]
    return Requirements(
        component=tree.component,
        requires=tuple(sorted({*spec.requires, *asked})),
        complete=there.issuperset(asked),
    )


def _srpm(spec: _Spec, tree: SourceTree, root: Root, work: Path) -> RpmFile:
    """The source package: it has the files with their modes, and is named with what macros say."""
    content = json.dumps(_files(tree)).encode()
    made = Package(spec.name, spec.version, spec.release, epoch=spec.epoch, files=(File("/tree", content),))
    (work / "srpm").mkdir(parents=True)
    return structs.replace(read_rpm(publish(made, work / "srpm", {}, {}, ())), arch="src")


def _files(tree: SourceTree) -> dict[str, str]:
    found = {}
    for path in sorted(tree.dir.iterdir()):
        if path.is_file() and not path.is_symlink():
            kind = "program" if path.stat().st_mode & stat.S_IXUSR else "file"
            found[path.name] = f"{kind} {sha256_bytes(path.read_bytes())}"
    return found


def _build(
    tree: SourceTree, root: Root, _env: object, _limits: object, work: Path, log: Path, _run: object
) -> tuple[RpmFile, tuple[RpmFile, ...]]:
    spec = _read(tree, root)
    log.write_text("built\n")
    if "fail" in spec.words:
        raise BuildError(f"{spec.name} does not build: it was told to fail", hint="tell it otherwise")
    for name in spec.words.get("run", ()):
        if not (tree.dir / name).is_file() or not (tree.dir / name).stat().st_mode & stat.S_IXUSR:
            raise BuildError(f"{spec.name} does not build: {name} cannot be run", hint="chmod")
    seen = {name: [one["version"], one["provides"], one["seen"], one["macros"]] for name, one in root.shown.items()}
    material = sha256_bytes(json.dumps([_files(tree), vars(spec), tree.epoch, seen], sort_keys=True).encode())
    rpms = tuple(read_rpm(path) for path in _packages(spec, material, work))
    _strike()
    return _srpm(spec, tree, root, work), rpms


def _packages(spec: _Spec, material: str, work: Path) -> Iterator[Path]:
    """The main package, that for building with it when there are headers, and a plugin when it is told."""
    folder, words, name = work / "rpms", spec.words, spec.name
    folder.mkdir(parents=True)
    files: list[File] = []
    seen: dict[str, str] = {}
    for kind, place in (
        ("program", f"/usr/bin/{name}"),
        ("data", f"/usr/share/{name}/data"),
        ("python", f"/usr/lib/python3.11/site-packages/{name}.py"),
    ):
        if kind in words:
            files.append(File(place, material.encode(), REG | (0o755 if kind == "program" else 0o644)))
            seen[place] = material
    if "doc" in words:
        files.append(File(f"/usr/share/doc/{name}/README", f"{words['doc']} {material}".encode()))
    if "export" in words:
        symbols = tuple(Symbol(word) for word in sorted(set(words["export"])))
        place = f"/usr/lib64/lib{name}.so.1"
        library = SharedLibrary(f"lib{name}.so.1", symbols, code=f"{words.get('code')} {material}".encode().ljust(160))
        files.append(File(place, elf_file.write(library), REG | 0o755))
        seen[place] = str(symbols)
    macros = dict(word.split(" ", 1) for word in words.get("macro", ()))
    if macros:
        place, text = f"/usr/lib/rpm/macros.d/macros.{name}", json.dumps(macros)
        files.append(File(place, text.encode()))
        seen[place] = text
    asks = words.get("ask", ())
    if asks:
        files.append(File(f"/usr/share/{name}/asks", " ".join(asks).encode()))
        seen["asks"] = " ".join(asks)
    yield _package(spec, name, tuple(files), folder, macros, seen, asks)
    if "header" in words:
        text, place = " ".join(words["header"]), f"/usr/include/{name}.h"
        yield _package(spec, f"{name}-devel", (File(place, text.encode()),), folder, {}, {place: text}, (), needs=name)
    if "plugin" in words:
        place = f"/usr/share/{name}/plugin"
        yield _package(spec, f"{name}-plugin", (File(place, material.encode()),), folder, {}, {place: material}, ())


def _package(
    spec: _Spec, name: str, files: tuple[File, ...], folder: Path, macros: dict[str, str], seen: dict[str, str],
    asks: Sequence[str], needs: str = "",
) -> Path:  # fmt: skip
    evr = f"{f'{spec.epoch}:' if spec.epoch else ''}{spec.version}-{spec.release}"
    made = Package(
        name, spec.version, spec.release, epoch=spec.epoch, files=files, provides=((name, EQUAL, evr),),
        requires=((needs, EQUAL, evr),) if needs else (),
    )  # fmt: skip
    return publish(made, folder, macros, seen, asks)
