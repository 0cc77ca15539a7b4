"""A small distribution that changes at random, as people change one: its state, its changes, and the files of it."""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.history.fake_build import publish
from tests.rpm.rpm_file import EQUAL, File, Package
from tests.sources.upstream.forge import BRANCH

from boatyard.repo.repodata import write_repodata

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

    from tests.sources.upstream.forge import Forge
    from tests.web_server import Web

LOCAL = tuple(f"c{number}" for number in range(8))
UPSTREAM = ("u0", "u1")
SEED = ("c0", "c1", "c3")  # components that the repository has older packages of
CARELESS = 0.01  # how often a component is left with a need that nobody meets
ROOT = """\
[project]
default-distro = {{ name = "own", version = "1" }}
[distros.own.versions.1]
release-ver = "{release_ver}"
inputs.rpm-build = [{{ repo = "sea" }}]
[distros.up]
dist-git-base-uri = "{forge}"
[distros.up.versions.43]
release-ver = "43"
dist-git-branch = "{branch}"
[resources.rpm-repos.sea]
base-uri = "{web}/sea"
disable-gpg-check = true
[buildroot]
packages = {packages}
[channels.base]
[default-package-config.publish]
rpm-channel = "base"
"""
SPEC = """\
Name: {name}
{epoch}Version: {version}
Release: {release}%{{?dist}}
Summary: A test
License: MIT
{requires}
{packages}
%description
A test.
{generate}
%build
{build}
%files
%changelog
* {day} Jan 01 2026 Ada <ada@example.org> - 1-1
- Made
"""


@dataclass
class One:
    """A component. `words`: lines of its %build by their first word; `sources`: text and whether it can be run."""

    version: int = 1
    release: int = 1
    epoch: int = 0
    needs: list[str] = field(default_factory=list)
    words: dict[str, list[str]] = field(default_factory=dict)
    sources: dict[str, tuple[str, bool]] = field(default_factory=dict)
    overlays: list[str] = field(default_factory=list)
    config: str = ""
    generates: bool = False
    there: bool = True

    def spec(self, name: str, needs: list[str] | None = None) -> str:
        """Its text. `needs`: in place of its own."""
        needs = self.needs if needs is None else needs
        build = [f"{word} {text}" for word, texts in self.words.items() for text in texts]
        return SPEC.format(
            name=name, version=self.version, release=self.release, epoch=f"Epoch: {self.epoch}\n" if self.epoch else "",
            requires="\n".join(f"BuildRequires: {need}" for need in needs),
            packages="\n".join(
                f"%package {more}\nSummary: A test\n%description {more}\nA test."
                for more, word in (("devel", "header"), ("plugin", "plugin")) if word in self.words
            ),
            generate="%generate_buildrequires\n" if self.generates else "",
            build="\n".join(build), day="Thu",
        )  # fmt: skip


@dataclass
class State:
    """All that a change may touch. `sea`: the number of the repository's packages."""

    ones: dict[str, One]
    sea: dict[str, int] = field(default_factory=dict)
    packages: list[str] = field(default_factory=lambda: ["sea-base"])
    release_ver: int = 1


@dataclass
class SmallDistro:
    """`folder` gets the project; `state` is what the next `write` writes."""

    folder: Path
    forge: Forge
    web: Web
    random: Random
    state: State = field(init=False)
    before: list[State] = field(default_factory=list)
    serial: int = 0

    def __post_init__(self) -> None:
        ones = {name: self._new(name) for name in (*LOCAL, *UPSTREAM)}
        self.state = State(ones, {"sea-base": 1, "sea-data": 1} | dict.fromkeys(SEED, 1))
        self.folder.mkdir(parents=True)
        self._git("init", "-q", "-b", "main")

    def text(self) -> str:
        """A text that was never there, or one that was."""
        self.serial += 1
        return f"t{self.random.choice([self.serial, self.random.randrange(4)])}"

    def change(self) -> str:
        """Changes the state in one way, and says which."""
        self.before.append(copy.deepcopy(self.state))
        ways: list[Callable[[], str]] = [
            self._word, self._word, self._word, self._release, self._version, self._needs, self._overlay, self._source,
            self._source, self._removal, self._revert, self._failure, self._sea, self._sea, self._config,
            self._packages, self._generate, self._upstream, self._upstream, self._lock, self._commit, self._macro,
            self._bump,
        ]  # fmt: skip
        return self.random.choice(ways)()

    def write(self) -> None:
        """Writes the state into the project and to the servers."""
        texts = [
            ROOT.format(
                release_ver=self.state.release_ver, forge=self.forge.file_url, branch=BRANCH, web=self.web.url,
                packages=json.dumps(self.state.packages),
            )
        ]  # fmt: skip
        for name in LOCAL:
            shutil.rmtree(self.folder / name, ignore_errors=True)
        for name, one in self.state.ones.items():
            if not one.there:
                continue
            if name in UPSTREAM:
                spec = '{ type = "upstream", upstream-distro = { name = "up", version = "43" } }'
            else:
                spec = f'{{ type = "local", path = "{name}/{name}.spec" }}'
                self._write_folder(name, one)
            texts += [f"[components.{name}]\nspec = {spec}\n{one.config}", *one.overlays]
        (self.folder / "boatyard.toml").write_text("\n".join(texts))
        self._publish_sea()

    def names(self) -> list[str]:
        """The components that there are."""
        return [name for name, one in self.state.ones.items() if one.there]

    def publish(self, name: str) -> None:
        """Makes the state of an upstream component the newest of its branch."""
        files: dict[str, str | bytes] = {f"{name}.spec": self.state.ones[name].spec(name), "sources": ""}
        files |= {source: text for source, (text, _) in self.state.ones[name].sources.items()}
        runs = {source: "100755" for source, (_, runs) in self.state.ones[name].sources.items() if runs}
        self.forge.commit(name, files, modes=runs)

    def _write_folder(self, name: str, one: One) -> None:
        folder = self.folder / name
        folder.mkdir()
        needs = one.needs if self.random.random() < CARELESS else [need for need in one.needs if self._is_given(need)]
        (folder / f"{name}.spec").write_text(one.spec(name, needs))
        for source, (text, runs) in one.sources.items():
            (folder / source).write_text(text)
            (folder / source).chmod(0o755 if runs else 0o644)

    def _is_given(self, need: str) -> bool:
        """Whether there is a package for what a component needs."""
        package = need.partition(" ")[0]
        name, _, more = package.partition("-")
        if package in self.state.sea or (name in self.state.sea and more == "devel") or need.startswith("%"):
            return True
        one = self.state.ones.get(name)
        return one is not None and one.there and (not more or {"devel": "header"}.get(more, more) in one.words)

    def _publish_sea(self) -> None:
        folder = self.folder.parent / "sea"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name, number in self.state.sea.items():
            release = f"0.{number}"
            macros = {"dist": f".d{number // 2}"} if name == "sea-base" else {}
            for package in (name,) if name.startswith("sea") else (name, f"{name}-devel"):
                seen = {f"/usr/share/{package}": str(number)}
                made = Package(
                    package, "0", release, files=(File(f"/usr/share/{package}", str(number).encode()),),
                    provides=((package, EQUAL, f"0-{release}"),),
                )  # fmt: skip
                publish(made, folder, macros, seen, ())
        write_repodata(folder, [path.name for path in folder.glob("*.rpm")])
        for path in [path for path in self.web.files if path.startswith("/sea/")]:
            del self.web.files[path]
        self.web.files |= {
            f"/sea/{path.relative_to(folder)}": path.read_bytes() for path in folder.rglob("*") if path.is_file()
        }

    def _new(self, name: str) -> One:
        made = One(needs=[], words={})
        for word in self.random.sample(["export", "data", "program", "python", "header", "code", "doc"], 3):
            made.words[word] = [self.text()]
        if "export" in made.words:
            made.words.setdefault("header", [self.text()])
            made.words.setdefault("code", [self.text()])
        place = (*LOCAL, *UPSTREAM).index(name)
        below = () if name in UPSTREAM else LOCAL[:place]
        made.needs = [self._capability(other) for other in self._some(below, 2)]
        return made

    def _some(self, names: tuple[str, ...], most: int) -> list[str]:
        return self.random.sample(names, min(len(names), self.random.randint(0, most)))

    def _capability(self, name: str) -> str:
        return self.random.choice([name, f"{name}-devel", f"{name}-devel", f"{name} >= 1", f"{name}-plugin"])

    def _one(self) -> tuple[str, One]:
        name = self.random.choice(LOCAL)
        return name, self.state.ones[name]

    def _word(self) -> str:
        name, one = self._one()
        word = self.random.choice(["export", "data", "program", "python", "header", "code", "code", "doc", "plugin"])
        if word in one.words and self.random.random() < 0.2:
            del one.words[word]
            return f"{name} loses {word}"
        one.words[word] = [self.text() for _ in range(self.random.randint(1, 2))]
        return f"{name}: {word} {one.words[word]}"

    def _macro(self) -> str:
        name, one = self._one()
        wanted = self.random.choice([other for other in LOCAL if other != name])
        one.words["macro"] = [f"{name}_wants {self.random.choice(['', 'sea-data', f'{wanted}-devel'])}"]
        other = self.state.ones[wanted]
        if wanted > name and name not in other.needs:
            other.needs += [name, f"%{{?{name}_wants}}"]
        return f"{name}: {one.words['macro']}, used by {wanted}"

    def _release(self) -> str:
        name, one = self._one()
        one.release = self.random.randint(1, 4)
        return f"{name}: release {one.release}"

    def _version(self) -> str:
        name, one = self._one()
        one.version, one.epoch = self.random.randint(1, 3), self.random.choice([0, 0, 0, 1])
        return f"{name}: version {one.epoch}:{one.version}"

    def _needs(self) -> str:
        name, one = self._one()
        place = LOCAL.index(name)
        below = LOCAL if self.random.random() < 0.15 else (*LOCAL[:place], *(UPSTREAM if place > 5 else ()))
        one.needs = [self._capability(other) for other in self._some(tuple(n for n in below if n != name), 3)]
        one.needs += self._some(("sea-data",), 1)
        return f"{name}: needs {one.needs}"

    def _overlay(self) -> str:
        name, one = self.random.choice(list(self.state.ones.items()))
        if one.overlays:
            one.overlays = []
            return f"{name}: no overlay"
        word = self.random.choice(["data", "code", "doc", "header"])
        lines = f'description = "{self.text()}"\nlines = ["{word} {self.text()}"]\n'
        what = '\ntype = "spec-append-lines"\nsection = "%build"\n'
        one.overlays = [f"[[components.{name}.overlays]]{what}{lines}"]
        return f"{name}: overlay {word}"

    def _source(self) -> str:
        name, one = self._one()
        source = f"s{self.random.randrange(2)}.sh"
        if source in one.sources and self.random.random() < 0.5:
            text, runs = one.sources[source]
            one.sources[source] = (text, not runs)
            return f"{name}: mode of {source}"
        one.sources[source] = (self.text(), self.random.random() < 0.3)
        return f"{name}: {source}"

    def _removal(self) -> str:
        name, one = self._one()
        gone = [other for other, it in self.state.ones.items() if not it.there]
        if gone:
            name = self.random.choice(gone)
            one = self.state.ones[name]
        one.there = not one.there
        return f"{name} {'comes' if one.there else 'goes'}"

    def _revert(self) -> str:
        if self.random.random() < 0.5:
            self.state = copy.deepcopy(self.random.choice(self.before))
            return "all as it was"
        name, _ = self._one()
        self.state.ones[name] = copy.deepcopy(self.random.choice(self.before).ones[name])
        return f"{name} as it was"

    def _failure(self) -> str:
        failing = [(name, one) for name, one in self.state.ones.items() if "fail" in one.words and name in LOCAL]
        if failing:
            name, one = self.random.choice(failing)
            del one.words["fail"]
            return f"{name} does not fail any more"
        name, one = self._one()
        one.words["fail"] = [""]
        return f"{name} fails"

    def _sea(self) -> str:
        name = self.random.choice(["sea-base", "sea-data", *SEED])
        if name in SEED and name in self.state.sea and self.random.random() < 0.3:
            del self.state.sea[name]
            return f"repository: {name} goes"
        self.state.sea[name] = self.random.randint(1, 4)
        return f"repository: {name} {self.state.sea[name]}"

    def _config(self) -> str:
        name, one = self.random.choice(list(self.state.ones.items()))
        choices = ['release = { calculation = "manual" }', 'build = { with = ["tests"] }']
        one.config = self.random.choice(["", *choices, 'build = { defines = { size = "2" } }'])
        return f"{name}: {one.config or 'no configuration'}"

    def _packages(self) -> str:
        more = self.random.choice([[], ["sea-data"], ["c0"]])
        self.state.packages = ["sea-base", *more]
        self.state.release_ver = self.random.randint(1, 2)
        return f"buildroot: {self.state.packages}, release-ver {self.state.release_ver}"

    def _generate(self) -> str:
        name, one = self._one()
        one.generates = not one.generates
        asker, other = self._one()
        other.words["ask"] = self._some(("sea-data", "c0-devel", "c1"), 2)
        if not other.words["ask"]:
            del other.words["ask"]
        return f"{name} generates: {one.generates}, {asker} asks for {other.words.get('ask')}"

    def _upstream(self) -> str:
        name = self.random.choice(UPSTREAM)
        one = self.state.ones[name]
        one.words["data"], one.words["header"] = [self.text()], [self.text()]
        if self.random.random() < 0.3:
            one.sources["s.sh"] = (self.text(), self.random.random() < 0.5)
        self.publish(name)
        return f"{name} upstream"

    def _lock(self) -> str:
        return "update"

    def _bump(self) -> str:
        return "bump"

    def _commit(self) -> str:
        return "commit"

    def commit(self) -> None:
        """Commits the project, which is what the number of releases is counted from."""
        self._git("add", "-A")
        self._git("commit", "-q", "--allow-empty", "-m", f"Change {self.serial}")

    def _git(self, *words: str) -> None:
        who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
        subprocess.run(["git", "-C", str(self.folder), *who, *words], check=True, capture_output=True)
