"""Sections: packages, and scripts that run in the new system."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard_installer.answers import PACKAGE, Script

if TYPE_CHECKING:
    from boatyard.kickstart.draft import Draft
    from boatyard.kickstart.statement import Section

LOST = {
    "%pre": "it runs in Anaconda, before the installation",
    "%pre-install": "it runs in Anaconda, before the installation",
    "%onerror": "it runs in Anaconda",
    "%traceback": "it runs in Anaconda",
    "%addon": "it is for an add-on of Anaconda",
    "%anaconda": "it configures Anaconda",
    "%certificate": "certificates have no place in the answers",
}
HINTS = {"%certificate": "write the certificate in a script or in user-data"}
# `--nocore`: there are no groups, so none is left out. The image comes without documentation that packages leave out.
PACKAGES_KNOWN = frozenset({"nocore"})
POST_KNOWN = frozenset({"interpreter", "erroronfail"})


def convert_section(section: Section, draft: Draft) -> None:
    """Adds what a section says."""
    if section.name == "%packages":
        _packages(section, draft)
    elif section.name == "%post":
        _post(section, draft)
    else:
        draft.lose(section.where, f"{section.name}: {LOST[section.name]}", HINTS.get(section.name, ""))


def _packages(section: Section, draft: Draft) -> None:
    for option in section.options:
        if option not in PACKAGES_KNOWN:
            draft.lose(section.where, f"%packages --{option}: the answers have nothing like it")
    for where, line in section.lines:
        name = line.partition("#")[0].strip()
        if name.startswith("@"):
            draft.lose(where, f"%packages: {name[:80]!r}: there are no groups of packages", "name the packages")
        elif name.startswith("-"):
            draft.lose(where, f"%packages: {name[:80]!r}: what the image has, it keeps")
        elif name and not PACKAGE.fullmatch(name):
            draft.lose(where, f"%packages: {name[:80]!r} is not the name of a package")
        elif name:
            draft.packages[name] = None


def _post(section: Section, draft: Draft) -> None:
    if "nochroot" in section.options:
        draft.lose(section.where, "%post --nochroot: scripts run in the new system only")
        return
    for option in section.options:
        if option not in POST_KNOWN:
            draft.lose(section.where, f"%post --{option}: the answers have nothing like it")
    content = "".join(line for _, line in section.lines)
    if not content.strip():
        return
    try:
        script = Script(
            content=content, name=f"post of line {section.where.line}", interpreter=section.interpreter or "/bin/sh"
        )
    except ValueError as error:
        draft.lose(section.where, f"%post: {error}")
        return
    draft.scripts.append(script)
    failing = "" if "erroronfail" in section.options else ", and the installation fails when the script does"
    draft.remark(section.where, f"%post: it runs without network and devices{failing}")
