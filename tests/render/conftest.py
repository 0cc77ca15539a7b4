"""Small projects, written as a user would."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from boatyard.config.load import load_root
from boatyard.flow.ports import Ports
from boatyard.flow.render import Rendered, RenderOptions, render_components
from boatyard.ports.http import Fetcher
from boatyard.ports.progress import silent
from boatyard.ports.run import Command

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from boatyard.config.project import Project
    from boatyard.flow.yard import Yard
    from boatyard.ports.run import HostRunner

IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org", "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.org", "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
    "GIT_CONFIG_NOSYSTEM": "1",
}  # fmt: skip


@dataclass
class Site:
    """A project's folder, with what rendering it needs."""

    dir: Path
    run: HostRunner

    def write(self, files: Mapping[str, str | bytes]) -> None:
        for name, content in files.items():
            path = self.dir / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)

    @property
    def project(self) -> Project:
        return load_root(self.dir / "azldev.toml")

    @property
    def ports(self) -> Ports:
        return Ports(self.run, Fetcher(), silent())

    def options(self, **changed: Any) -> RenderOptions:
        given: dict[str, Any] = {"root": self.dir / "specs", "locks": self.dir / "locks", "work": self.dir / "work"}
        return RenderOptions(**(given | changed))

    def render(self, *names: str, **options: Any) -> list[Rendered]:
        project = self.project
        components = [project.component(name) for name in names] or list(project.components.values())
        return render_components(project, components, self.options(**options), self.ports, no_yard)

    def git(self, *words: str, at: str = ".", date: str = "") -> str:
        env = IDENTITY | ({"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date} if date else {})
        return self.run(Command(argv=("git", "-C", str(self.dir / at), *words), env=env)).text.strip()

    def commit(self, subject: str, *, at: str = ".", date: str = "") -> str:
        self.git("add", "-A", at=at)
        self.git("commit", "-q", "-m", subject, at=at, date=date)
        return self.git("rev-parse", "HEAD", at=at)

    def files(self) -> dict[str, bytes]:
        root = self.dir / "specs"
        return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def no_yard() -> Yard:
    raise AssertionError("only seed components need a yard")


@pytest.fixture
def site(tmp_path: Path, run: HostRunner) -> Site:
    folder = tmp_path / "project"
    folder.mkdir()
    return Site(folder, run)
