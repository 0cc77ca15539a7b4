"""The spec of a repackaged component, as a person would write it: one subpackage for each .deb."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard.config.model.seed import DEFAULT_PRIORITY
from boatyard.sources.deb.file_list import file_lines

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from boatyard.base.nevra import Evr
    from boatyard.config.model.seed import Trigger
    from boatyard.sources.deb.archive import Entry
    from boatyard.sources.deb.rules import PackagedFile

PAYLOAD = "payload.tar"
MAX_LINE = 500
# rpm's generators of dependencies that only some hosts have, and the files they look at. They are switched off where
# there are such files: what is packaged shall not depend on the host.
HOST_GENERATORS = {
    "desktop": re.compile(r".*\.desktop"),
    "font": re.compile(r".*\.(ttf|ttc|otf|pf[abm])(\.gz)?"),
    "metainfo": re.compile(r".*\.(appdata|metainfo)\.xml"),
    "ocaml": re.compile(r".*\.(cma|cmi|cmo|cmx|cmxa)"),
    "perllib": re.compile(r".*\.pm"),
    "pkgconfig": re.compile(r".*\.pc|/usr/bin/pkg-config"),
    "python": re.compile(r"/usr/(lib(64)?/python[0-9]+\.[0-9]+/.*|bin/python[0-9]+\.[0-9]+)"),
    "pythondist": re.compile(r"/usr/lib(64)?/python[0-9.]+/.*\.(dist-info|egg-info|egg-link)(/.*)?"),
}
PERL_SCRIPT = re.compile(rb"#![^\n]*perl")
TEMPLATE = """\
# Made by Boatyard from the Debian source package {source}; changes belong in the component's overlays.
{globals}

Name:           {name}
{preamble}
Source0:        {payload}

%description
{description}
"""
INSTALL = """\
%install
mkdir -p %{buildroot}
tar -x -p -f %{SOURCE0} -C %{buildroot} --no-same-owner
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subpackage:
    """One binary RPM of the spec. `tags`: name and value of its tags in order; `scriptlets`: rpm's word and shell."""

    name: str
    evr: Evr
    noarch: bool
    summary: str
    description: str
    tags: tuple[tuple[str, str], ...]
    scriptlets: tuple[tuple[str, str], ...] = ()
    triggers: tuple[Trigger, ...] = ()
    files: tuple[PackagedFile, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecPlan:
    """All that a spec says. `exclude_requires`: regular expressions for rpm's own findings to leave out."""

    name: str
    source: str
    evr: Evr
    license: str
    url: str
    exclude_requires: tuple[str, ...]
    subpackages: tuple[Subpackage, ...]


def render_spec(plan: SpecPlan) -> str:
    """The text of the spec file. The subpackage named as the component is the main package, if there is one."""
    main = next((package for package in plan.subpackages if package.name == plan.name), None)
    first = main or plan.subpackages[0]
    noarch = all(package.noarch for package in plan.subpackages)
    evr = main.evr if main else plan.evr
    preamble = [
        *_evr_tags(evr),
        ("Summary", escape(first.summary)),
        ("License", escape(plan.license)),
        *([("URL", escape(plan.url))] if plan.url else []),
        *([("BuildArch", "noarch")] if noarch else []),
        *(main.tags if main else ()),
    ]
    head = TEMPLATE.format(
        source=plan.source,
        globals="\n".join(_globals(plan)),
        name=plan.name,
        preamble=_tag_lines(preamble),
        payload=PAYLOAD,
        description=description_text(first),
    )
    others = sorted((package for package in plan.subpackages if package is not main), key=lambda package: package.name)
    component = {file.entry.path for package in plan.subpackages for file in package.files}
    sections = [head, *(_declaration(package, noarch, evr) for package in others), INSTALL]
    if main is not None:
        sections.append(_content(main, "", component))
    sections += [_content(package, f" -n {package.name}", component) for package in others]
    return "\n".join(sections)


def _globals(plan: SpecPlan) -> Iterator[str]:
    yield "%global debug_package %{nil}"
    yield "%global __os_install_post %{nil}"
    yield "%global _build_id_links none"
    for generator in _host_generators([file.entry for package in plan.subpackages for file in package.files]):
        yield f"%global __{generator}_provides %{{nil}}"
        yield f"%global __{generator}_requires %{{nil}}"
    if plan.exclude_requires:
        yield f"%global __requires_exclude ^({'|'.join(plan.exclude_requires)})$"


def _host_generators(entries: list[Entry]) -> Iterator[str]:
    if any(PERL_SCRIPT.match(entry.data) for entry in entries):
        yield "perl"
    for generator, pattern in HOST_GENERATORS.items():
        if any(pattern.fullmatch(entry.path) for entry in entries):
            yield generator


def _declaration(package: Subpackage, noarch: bool, evr: Evr) -> str:
    """%package and %description; `noarch` and `evr` are what it inherits from the preamble."""
    tags = [
        *(_evr_tags(package.evr, always_epoch=True) if package.evr != evr else []),
        ("Summary", escape(package.summary)),
        *([("BuildArch", "noarch")] if package.noarch and not noarch else []),
        *package.tags,
    ]
    name = package.name
    return f"%package -n {name}\n{_tag_lines(tags)}\n\n%description -n {name}\n{description_text(package)}\n"


def _content(package: Subpackage, suffix: str, component: Collection[str]) -> str:
    """Scriptlets, triggers and %files."""
    parts = [f"%{word}{suffix}\n{escape(script.strip())}" for word, script in package.scriptlets]
    for trigger in package.triggers:
        priority = "" if trigger.priority == DEFAULT_PRIORITY else f" -P {trigger.priority}"
        header = f"%{trigger.when}{suffix}{priority} -- {' '.join(trigger.paths)}"
        parts.append(f"{header}\n{escape(trigger.script.strip())}")
    parts.append("\n".join([f"%files{suffix}", *file_lines(package.files, component)]))
    return "\n\n".join(parts) + "\n"


def _evr_tags(evr: Evr, *, always_epoch: bool = False) -> list[tuple[str, str]]:
    epoch = [("Epoch", str(evr.epoch))] if evr.epoch or always_epoch else []
    return [*epoch, ("Version", evr.version), ("Release", evr.release)]


def _tag_lines(tags: list[tuple[str, str]]) -> str:
    return "\n".join(f"{tag + ':':<15} {value}" for tag, value in tags)


def escape(text: str) -> str:
    """Text that no macro is expanded in."""
    return text.replace("%", "%%")


def description_text(package: Subpackage) -> str:
    """Running text for %description: no macros, and no line that begins as a section or a condition would."""
    lines = [line.rstrip()[:MAX_LINE] for line in (package.description or package.summary).splitlines()]
    return "\n".join(escape(re.sub(r"^(\s*)([%#])", r"\1- \2", line)) for line in lines)
