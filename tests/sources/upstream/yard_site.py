"""A project in the azldev format whose components come from a dist-git host and a lookaside cache made by the test."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.sources.upstream.forge import BRANCH

from boatyard.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pytest
    from tests.sources.upstream.forge import Forge
    from tests.web_server import Web

SNAPSHOT = "2026-02-01T00:00:00Z"
SPEC = "Name: {name}\nVersion: 1\nRelease: 1%{{?dist}}\nSource0: {name}.tar.gz\n%description\nd\n"


def sha512(data: bytes) -> str:
    return hashlib.sha512(data).hexdigest()


@dataclass
class YardSite:
    """`dir`: the project. `capsys` has what commands print."""

    dir: Path
    forge: Forge
    web: Web
    capsys: pytest.CaptureFixture[str]
    components: dict[str, str] = field(default_factory=dict)

    def write(self, more: str = "") -> None:
        """The project's file: a distribution that draws from the forge, and the components."""
        tables = "\n".join(f"[components.{name}]\n{text}" for name, text in self.components.items())
        (self.dir / "azldev.toml").write_text(f"""
[project]
default-distro = {{ name = "own", version = "1" }}
[distros.own.versions.1]
release-ver = "1"
[distros.own.versions.1.default-component-config]
spec = {{ type = "upstream", upstream-distro = {{ name = "up", version = "43", snapshot = "{SNAPSHOT}" }} }}
[distros.up]
dist-git-base-uri = "{self.forge.http_url}"
lookaside-base-uri = "{self.web.url}/pkgs/$pkg/$filename/$hashtype/$hash/$filename"
[distros.up.versions.43]
release-ver = "43"
dist-git-branch = "{BRANCH}"
{tables}
{more}
""")

    def package(
        self, name: str, *, archive: bytes | None = None, files: Mapping[str, str] | None = None, **more: Any
    ) -> str:
        """A package of the forge with one archive in the lookaside cache; its commit."""
        content = archive if archive is not None else f"archive of {name}".encode()
        digest = sha512(content)
        self.web.files[f"/pkgs/{name}/{name}.tar.gz/sha512/{digest}/{name}.tar.gz"] = content
        given = {
            f"{name}.spec": SPEC.format(name=name),
            "sources": f"SHA512 ({name}.tar.gz) = {digest}\n",
            "gating.yaml": "x\n",
        }  # fmt: skip
        return self.forge.commit(name, given | dict(files or {}), **more)

    def run(self, *words: str) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of a command in the project."""
        code = main([*words, "-C", str(self.dir), "-q"])
        told = self.capsys.readouterr()
        return code, told.out, told.err

    def run_json(self, *words: str) -> Any:
        code, out, err = self.run(*words, "-o", "json")
        assert code == 0, err
        return json.loads(out)

    def lock(self, name: str) -> str:
        return (self.dir / f"locks/{name}.lock").read_text()

    def tree(self, folder: str) -> dict[str, bytes]:
        root = self.dir / folder
        return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}
