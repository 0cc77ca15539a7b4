"""A source that a script of the project makes with programs of packages it asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.system.source_builds.own_project import OwnProject

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.system.source_builds.build_site import Site

pytestmark = [pytest.mark.tool, pytest.mark.network]
SOURCE = """
[[components.logbook.source-files]]
filename = "log.tar"
hash-type = "SHA256"
hash = "{hash}"
origin = {{ type = "custom", script = "make.sh", mock-packages = ["{package}"] }}
"""
SCRIPT = """\
#!/bin/bash
perl -e 'print "day 1\\n"' > /azldev-gen/output/log
"""


def test_a_script_gets_the_packages_it_asks_for(make_site: Callable[..., Site], tmp_path: Path) -> None:
    project = OwnProject(tmp_path / "project")
    project.add("logbook", build="tar xf %{SOURCE1}; grep -qx 'day 1' log", log_txt="")
    place = project.folder / "logbook"
    (place / "make.sh").write_text(SCRIPT)
    spec = place / "logbook.spec"
    spec.write_text(spec.read_text().replace("%description", "Source1: log.tar\n%description", 1))
    plain = (project.folder / "own.toml").read_text()
    site = make_site("site", roots=True, project=project.options)

    def build(package: str, digest: str = "0" * 64) -> str:
        (project.folder / "own.toml").write_text(plain + SOURCE.format(package=package, hash=digest))
        done = site.run(*site.building("logbook"))
        return f"{done.returncode}\n{done.stdout}"

    assert "nothing provides no-such-package" in build("no-such-package")
    told = build("perl-base")
    assert told.startswith("6\n"), told
    assert "the script made another archive than stated" in told
    made = told.partition("made:   ")[2][:64]
    assert build("perl-base", made).startswith("0\n")
    assert "logbook" in site.built()
