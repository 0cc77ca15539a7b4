"""The build graph of a project: specs with their overlays, package lists, seeds, and what builds have told."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from msgspec import structs
from tests.build_record import result

from boatyard.artifact.build_ledger import record_result
from boatyard.base.error import BuildError
from boatyard.cli.choice import SKIFF
from boatyard.config.load import load_root
from boatyard.flow.graph import NO_SPEC, builds_from_repositories, known_requirements, plan_builds, read_graph
from boatyard.flow.workspace import Workspace
from boatyard.graph.build_graph import Origin, Requirement
from boatyard.graph.plan import PlanKind
from boatyard.graph.provider import Knowledge
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.config.project import Project
    from boatyard.graph.build_graph import BuildGraph

PROJECT = """\
[project]
default-distro = { name = "dinghy", version = "1" }
[distros.dinghy.versions."1"]
release-ver = "1"
[seeds.debs]
suites = ["stable"]
[components.gcc]
spec = { type = "deb", source = "gcc-14", binaries = ["gcc-14", "libgcc-s1"], seed = "debs" }
[seeds.debs.names]
"gcc-14" = "gcc"
[components.gcc.seed.packages.gcc]
links = { "/usr/bin/cc" = "gcc-14" }
[components.less]
spec = { type = "local", path = "less.spec" }
[[components.less.overlays]]
type = "spec-add-tag"
tag = "BuildRequires"
value = "pkgconfig(tinfo)"
[components.ncurses]
spec = { type = "local", path = "ncurses.spec" }
build.with = ["less"]
[components.lost]
spec = { type = "local", path = "lost.spec" }
[components.rendered]
spec = { type = "upstream", upstream-distro = { name = "dinghy", version = "1" } }
[components.away]
spec = { type = "upstream", upstream-distro = { name = "dinghy", version = "1" } }
[package-groups.base]
packages = [
  "tinfo-devel", # srpm: ncurses
  "less-doc" , # srpm: nowhere
]
"""
LESS = "Name: less\nVersion: 1\nRelease: 1\nSummary: x\nLicense: MIT\nBuildRequires: /usr/bin/cc\n"
NCURSES = """\
%bcond_with less
Name: ncurses
BuildRequires: gcc
%if %{with less}
BuildRequires: less
%endif
%generate_buildrequires
"""
RENDERED = (
    "Name: rendered\nBuildRequires: libgcc-s1, deb(gcc-14), nobody-has-this\n%if %(x)\nBuildRequires: less\n%endif\n"
)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "boatyard.toml").write_text(PROJECT)
    (tmp_path / "less.spec").write_text(LESS)
    (tmp_path / "ncurses.spec").write_text(NCURSES)
    (tmp_path / "specs/r/rendered").mkdir(parents=True)
    (tmp_path / "specs/r/rendered/rendered.spec").write_text(RENDERED)
    return load_root(tmp_path / "boatyard.toml")


def graph_of(project: Project, **known: tuple[str, ...]) -> BuildGraph:
    return read_graph(project, arch=Arch.X86_64, locks=project.dir / "locks", known=known)


def test_edges(project: Project) -> None:
    graph = graph_of(project)
    assert graph.needs == {
        "away": (),
        "gcc": (),
        "less": ("gcc", "ncurses"),
        "lost": (),
        "ncurses": ("gcc", "less"),
        "rendered": ("gcc", "less"),
    }
    (cause,) = graph.edges["less"]["ncurses"]
    assert (cause.requirement.text, cause.known) == ("pkgconfig(tinfo)", Knowledge.GUESS)
    (cause,) = graph.edges["less"]["gcc"]
    assert (cause.capability, cause.known) == ("/usr/bin/cc", Knowledge.LISTED)
    assert graph.edges["rendered"]["less"][0].requirement == Requirement("less", Origin.TEXT, certain=False)


def test_what_is_not_known_is_said(project: Project) -> None:
    graph = graph_of(project)
    assert graph.unresolved == {"rendered": (Requirement("nobody-has-this"),)}
    assert graph.unread.keys() == {"away", "lost"}
    assert graph.unread["away"] == NO_SPEC
    assert "No such file" in graph.unread["lost"]
    assert graph.dynamic == frozenset({"ncurses"})
    assert graph.once == frozenset({"gcc"})


def test_what_a_build_told_takes_the_place_of_the_text(project: Project) -> None:
    graph = graph_of(project, ncurses=("gcc(x86-64) >= 14", "less", "tinfo-devel"), away=("less",))
    assert graph.needs["ncurses"] == ("gcc", "less", "ncurses")
    assert graph.edges["ncurses"]["gcc"][0].requirement.origin is Origin.BUILD
    assert graph.needs["away"] == ("less",)
    assert "away" not in graph.unread
    assert graph.dynamic == frozenset()


def test_the_text_stands_when_it_was_edited_since_the_build(project: Project) -> None:
    graph = graph_of(project, ncurses=("gcc", "tinfo-devel"))
    assert graph.needs["ncurses"] == ("gcc", "less")
    assert graph.edges["ncurses"]["gcc"][0].requirement.origin is Origin.TEXT
    assert graph.dynamic == frozenset({"ncurses"})


def test_a_doubt_is_settled_by_a_build(project: Project) -> None:
    """What the text only perhaps requires is left out when the build did not ask for it."""
    assert graph_of(project, rendered=("libgcc-s1", "deb(gcc-14)", "nobody-has-this")).needs["rendered"] == ("gcc",)


def test_requirements_of_the_ledger(project: Project, tmp_path: Path) -> None:
    workspace = Workspace.under(tmp_path / "yard", tmp_path / "cache")
    made = structs.replace(result("ncurses"), requires=("gcc", "less"))
    record_result(workspace.ledger, Arch.X86_64, made, reused=False)
    record_result(workspace.ledger, Arch.X86_64, result("less"), reused=False)  # from before they were recorded
    assert known_requirements(workspace, project, Arch.X86_64) == {"ncurses": ("gcc", "less")}
    assert known_requirements(workspace, project, Arch.AARCH64) == {}


def test_an_overlay_that_does_not_apply(project: Project, tmp_path: Path) -> None:
    wrong = PROJECT.replace("spec-add-tag", "spec-update-tag").replace('"BuildRequires"', '"Epoch"')
    (tmp_path / "boatyard.toml").write_text(wrong)
    graph = graph_of(load_root(tmp_path / "boatyard.toml"))
    assert "Epoch" in graph.unread["less"]
    assert graph.needs["less"] == ()


def test_plans(project: Project, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="less → ncurses → less"):
        plan_builds(project, graph_of(project), PlanKind.A)
    inputs = 'inputs.rpm-build = [{ repo = "r" }]\n[resources.rpm-repos.r]\nbase-uri = "https://example.com/"\n'
    inputs += "disable-gpg-check = true\n[seeds.debs]"
    (tmp_path / "boatyard.toml").write_text(PROJECT.replace("[seeds.debs]", inputs, 1))
    seeded = load_root(tmp_path / "boatyard.toml")
    assert builds_from_repositories(seeded)
    plan = plan_builds(seeded, graph_of(seeded), PlanKind.C)
    assert plan.needs["less"] == ("gcc", "ncurses@stage1")
    assert plan.needs["rendered"] == ("gcc", "less")


def test_what_every_buildroot_has(tmp_path: Path, project: Project) -> None:
    """It is an edge for what is built, not for what is repackaged; what the host builds first breaks its cycles."""
    everywhere = '[buildroot]\npackages = ["gcc", "sh"]\nbootstrap = ["less", "ncurses"]\n[seeds.debs]'
    (tmp_path / "boatyard.toml").write_text(PROJECT.replace("[seeds.debs]", everywhere, 1))
    rooted = load_root(tmp_path / "boatyard.toml")
    graph = graph_of(rooted, lost=("sh",))
    assert graph.needs["gcc"] == ()
    assert graph.needs["away"] == graph.needs["lost"] == ("gcc", "less", "ncurses")
    assert graph.edges["away"]["gcc"][0].requirement == Requirement("gcc", Origin.BUILDROOT)
    assert graph.unresolved["lost"] == (Requirement("sh", Origin.BUILD), Requirement("sh", Origin.BUILDROOT))
    plan = plan_builds(rooted, graph, PlanKind.A)
    assert plan.needs["less"] == plan.needs["ncurses"] == ("gcc",)
    assert plan.needs["away"] == ("gcc", "less", "ncurses")


def test_a_spec_that_is_too_large(project: Project, tmp_path: Path) -> None:
    (tmp_path / "less.spec").write_bytes(b"# " + b"x" * (9 << 20))
    assert "larger than 8 MiB" in graph_of(project).unread["less"]


def test_what_is_no_file(project: Project, tmp_path: Path) -> None:
    (tmp_path / "less.spec").unlink()
    os.mkfifo(tmp_path / "less.spec")
    (tmp_path / "ncurses.spec").unlink()
    (tmp_path / "ncurses.spec").symlink_to("/etc/passwd")
    (tmp_path / "lost.spec").mkdir()
    assert {"less", "ncurses", "lost"} <= graph_of(project).unread.keys()


def test_skiff(tmp_path: Path) -> None:
    skiff = load_root(SKIFF)
    graph = read_graph(skiff, arch=Arch.X86_64, locks=tmp_path)
    assert graph.needs.keys() == skiff.components.keys()
    assert not graph.unread
    assert plan_builds(skiff, graph, PlanKind.A).needs.keys() == graph.needs.keys()


@pytest.mark.corpus
def test_a_real_configuration(corpus: Path) -> None:
    """Its rendered specs may be there or not; the components and who makes which package always are."""
    project = load_root(corpus / "azldev.toml")
    graph = read_graph(project, arch=Arch.X86_64, locks=project.settings.lock_dir)
    assert len(graph.edges) == 7583
    assert graph.unread.keys() <= graph.edges.keys()
