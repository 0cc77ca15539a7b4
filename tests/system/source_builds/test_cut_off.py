"""A library that changes inside only: what is built from it is reused, and `why` says so. Seen outside: rebuilt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.system.source_builds.own_project import OwnProject

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.system.source_builds.build_site import Site

pytestmark = [pytest.mark.tool, pytest.mark.network]
LIBRARY = "gcc $CFLAGS -shared -fPIC -Wl,-soname,libmark.so.1 -o libmark.so.1 %{SOURCE0}"
INSTALL_LIBRARY = """\
install -D -m 755 libmark.so.1 %{buildroot}%{_libdir}/libmark.so.1
ln -s libmark.so.1 %{buildroot}%{_libdir}/libmark.so
install -D -m 644 %{SOURCE1} %{buildroot}%{_includedir}/mark.h
"""
LIBRARY_FILES = "%{_libdir}/libmark.so*\n%{_includedir}/mark.h"
HEADER = "int mark(void);\n"
PROGRAM = "#include <mark.h>\nint main(void) { return mark(); }\n"


def write(project: OwnProject, code: str) -> None:
    project.add("mark", build=LIBRARY, install=INSTALL_LIBRARY, files=LIBRARY_FILES, mark_c=code, mark_h=HEADER)


def test_cut_off(make_site: Callable[..., Site], tmp_path: Path) -> None:
    project = OwnProject(tmp_path / "project")
    write(project, "int mark(void) { return 1; }\n")
    project.add(
        "reader",
        tags="BuildRequires: mark",
        build="gcc $CFLAGS -o reader %{SOURCE0} -lmark",
        install="install -D reader %{buildroot}%{_bindir}/reader",
        files="%{_bindir}/reader",
        reader_c=PROGRAM,
    )
    site = make_site("site", roots=True, project=project.options)
    site.build("reader", "mark")
    first = site.digests()
    assert site.built() == ["mark", "reader"]

    write(project, "int mark(void) { return 2; }\n")
    assert "mark: to be built, because\n  file mark.c changed" in why(site, "--now", "mark")
    told = why(site, "--now", "reader")
    assert "reader: not known before what it needs is built\n  mark is to be built, because\n" in told
    site.build("reader", "mark")
    assert site.built() == ["mark", "mark", "reader"]
    changed = {name for name, digest in site.digests().items() if first[name] != digest}
    assert {name.partition("-")[0] for name in changed} == {"mark"}
    told = why(site, "--now", "reader")
    assert "reader: up to date" in told
    assert "looks the same to builds" in told
    told = why(site, "reader")
    assert "reader: reused in the last run" in told
    assert "mark (1-1) looks the same to builds" in told or "looks the same to builds" in told

    site.build("--strict", "reader", "mark")
    assert site.built().count("reader") == 2, "a strict build takes no other library for the same"

    write(project, "int mark(void) { return 2; }\nint another_mark(void) { return 3; }\n")
    site.build("reader", "mark")
    assert site.built().count("reader") == 3
    told = why(site, "reader")
    assert "reader: built in the last run, because" in told
    assert "looks different to builds" in told

    builds = site.built()
    write(project, "int mark(void) { return 2; }\n")
    assert "mark: to be taken from the store" in why(site, "--now", "mark")
    told = why(site, "--now", "reader")
    assert "reader: to be taken from the store" in told
    assert "looks different to builds" in told
    assert site.built() == builds, "nothing was built to be told"


def why(site: Site, *words: str) -> str:
    done = site.run("why", *words, *site.project, "--work", str(site.work))
    assert done.returncode == 0, done.stdout
    return done.stdout
