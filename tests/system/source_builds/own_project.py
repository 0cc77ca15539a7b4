"""A project of a test's own that is built with Skiff's toolchain: Skiff with a file laid over it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SPEC = """\
Name: {name}
Version: 1
Release: 1
Summary: A test
License: MIT
{tags}
%global debug_package %{{nil}}
%description
A test.
%build
{build}
%install
mkdir -p %{{buildroot}}/usr/share/{name}
echo {name} > %{{buildroot}}/usr/share/{name}/data
{install}
%files
/usr/share/{name}
{files}
"""


class OwnProject:
    """`options`: words that name the project to a command. `settings`: TOML besides the components."""

    def __init__(self, folder: Path, settings: str = "") -> None:
        self.folder, self.settings, self.names = folder, settings, list[str]()
        folder.mkdir(parents=True)

    @property
    def options(self) -> tuple[str, ...]:
        return ("--config-file", str(self.folder / "own.toml"))

    def add(
        self, name: str, *, tags: str = "", build: str = "true", install: str = "", files: str = "", **sources: str
    ) -> None:
        """Adds a component, or writes it anew. `sources`: the text of each of its sources, by name without dots."""
        place = self.folder / name
        place.mkdir(exist_ok=True)
        for number, (source, text) in enumerate(sources.items()):
            file_name = source.replace("_", ".")
            (place / file_name).write_text(text)
            tags += f"\nSource{number}: {file_name}"
        spec = SPEC.format(name=name, tags=tags.strip(), build=build, install=install, files=files)
        (place / f"{name}.spec").write_text(spec)
        if name not in self.names:
            self.names.append(name)
        tables = (f'[components.{one}]\nspec = {{ type = "local", path = "{one}/{one}.spec" }}\n' for one in self.names)
        (self.folder / "own.toml").write_text("\n".join([self.settings, *tables]))
