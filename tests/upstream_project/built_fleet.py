"""The project as one that is built: its seed served, channels to publish in, and what its builds have done."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from tests.upstream_project.seed_repository import KEY

from boatyard.cli.main import main
from boatyard.ports.run import Command

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.upstream_project.project import UpstreamProject
    from tests.web_server import Web

    from boatyard.ports.run import HostRunner

# What Boatyard adds to the format of azldev.
ROOT = """\
includes = ["azldev.toml"]

[buildroot]
packages = {packages}

[channels.fleet]
description = "The fleet"

[default-package-config.publish]
rpm-channel = "fleet"
"""
SEED = """
[resources.rpm-repos.seed]
description = "What everything is built with"
base-uri = "{web}/seed/$basearch"
gpg-key = "{web}/seed/{key}"
"""


def serve_seed(repository: Path, web: Web, arch: str) -> None:
    """Serves the repository as the seed of the project."""
    web.files[f"/seed/{KEY}"] = (repository / KEY).read_bytes()
    for path in repository.rglob("*"):
        if path.is_file():
            web.files[quote(f"/seed/{arch}/{path.relative_to(repository)}")] = path.read_bytes()


def draw_from_seed(project: Path, web: Web, packages: Sequence[str]) -> None:
    """Has the project built in buildroots of the seed's packages."""
    azldev = project / "azldev.toml"
    text = azldev.read_text().replace('[{ repo = "bootstrap" }]', '[{ repo = "bootstrap" }, { repo = "seed" }]')
    azldev.write_text(text + SEED.format(web=web.url, key=KEY))
    (project / "boatyard.toml").write_text(ROOT.format(packages=json.dumps(list(packages))))


@dataclass(frozen=True)
class BuiltFleet:
    """The project, the seed's folder, and the commands that are run on the project."""

    made: UpstreamProject
    seed: Path
    web: Web
    host: HostRunner

    @property
    def dir(self) -> Path:
        return self.made.dir

    @property
    def work(self) -> Path:
        return self.dir / "build/work"

    @property
    def log(self) -> str:
        return (self.dir / "build/logs/run.jsonl").read_text()

    def run(self, *words: str) -> int:
        return main([*words, "-C", str(self.dir), "-q"])

    def commit(self, subject: str, *words: str) -> None:
        """Runs a command and commits what it has changed in the project."""
        assert self.run(*words) == 0
        self.git("init", "-q", "-b", "main")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", subject)

    def git(self, *words: str) -> None:
        who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
        env = {"GIT_AUTHOR_DATE": "2026-02-02T00:00:00Z", "GIT_COMMITTER_DATE": "2026-02-02T00:00:00Z"}
        self.host(Command(argv=("git", "-C", str(self.dir), *who, *words), env=env))

    def append(self, component: str, text: str) -> None:
        """Adds to the configuration of a component."""
        with (self.dir / f"comps/{component}/{component}.comp.toml").open("a") as stream:
            stream.write(text)

    def build(self) -> dict[str, bool]:
        """Builds everything; for each component whether its result is one from before."""
        journal = self.work / "build.jsonl"
        before = len(journal.read_text().splitlines()) if journal.is_file() else 0
        assert self.run("component", "build", "-a") == 0
        lines = [json.loads(line) for line in journal.read_text().splitlines()[before:]]
        return {line["node"]: line["event"] == "reused" for line in lines if line["event"] in ("done", "reused")}

    def dnf(self, root: Path, *words: str) -> str:
        """Runs the host's dnf on the published channel and the seed, both with their keys."""
        current = self.dir / "out/repo/current"
        (key,) = current.glob("RPM-GPG-KEY-*")
        argv = (
            "dnf", "-y", f"--installroot={root}", "--releasever=1", "--disablerepo=*", "--setopt=reposdir=/none",
            f"--repofrompath=fleet,file://{current}/fleet", f"--repofrompath=seed,file://{self.seed}",
            f"--setopt=fleet.gpgkey=file://{key}", f"--setopt=seed.gpgkey=file://{self.seed}/{KEY}",
            "--setopt=*.gpgcheck=1", "--setopt=*.repo_gpgcheck=1", "--enablerepo=fleet,seed", *words,
        )  # fmt: skip
        return self.host(Command(argv=argv)).text
