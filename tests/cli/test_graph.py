"""`boatyard graph` on a small project: what it prints, as table, JSON and dot, and what it says when asked wrongly."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from msgspec import structs
from tests.build_record import result

from boatyard.artifact.build_ledger import record_result
from boatyard.cli.main import main
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = """\
[project]
default-distro = { name = "dinghy", version = "1" }
[distros.dinghy.versions."1"]
release-ver = "1"
inputs.rpm-build = [{ repo = "seed" }]
[resources.rpm-repos.seed]
base-uri = "https://example.com/repo"
disable-gpg-check = true
[components]
gcc.spec = { type = "local", path = "gcc.spec" }
less.spec = { type = "local", path = "less.spec" }
make.spec = { type = "local", path = "make.spec" }
ncurses.spec = { type = "local", path = "ncurses.spec" }
"""
SPECS = {
    "gcc": "Name: gcc\nBuildRequires: make\n%package c++\n",
    "less": "Name: less\nBuildRequires: gcc, pkgconfig(ncurses)\nBuildRequires: asciidoc\n",
    "make": "Name: make\nBuildRequires: gcc\n",
    "ncurses": 'Name: ncurses\n%if %(true)\nBuildRequires: gcc-c++ >= "14"\n%endif\n%generate_buildrequires\n',
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "boatyard.toml").write_text(PROJECT)
    for name, text in SPECS.items():
        (tmp_path / f"{name}.spec").write_text(text)
    return tmp_path


@pytest.fixture
def ask(project: Path, capsys: pytest.CaptureFixture[str]) -> object:
    """Runs a verb on the project; its exit code, stdout and stderr."""

    def run(*words: str) -> tuple[int, str, str]:
        code = main(["graph", *words, "-C", str(project)])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def test_a_component_and_its_neighbours(ask) -> None:  # type: ignore[no-untyped-def]
    code, out, err = ask("show", "ncurses")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "EDGE       COMPONENT  REQUIREMENT         KNOWN FROM     PROVIDER",
        'needs      gcc        gcc-c++ >= "14"     text, perhaps  text',
        "needed by  less       pkgconfig(ncurses)  text           guess",
        "its build finds more requirements (%generate_buildrequires)",
    ]
    assert ["needs", "?", "asciidoc", "text", "nobody", "known"] in [
        line.split() for line in ask("show", "less")[1].splitlines()
    ]


def test_the_figures_of_the_whole(ask) -> None:  # type: ignore[no-untyped-def]
    lines = dict(line.split(":", 1) for line in ask("show")[1].splitlines())
    assert {key: text.strip() for key, text in lines.items()} == {
        "components": "4",
        "repackaged": "0",
        "edges": "5",
        "most needed": "gcc 3, make 1, ncurses 1",
        "cycles": "1, of 2 components",
        "builds that find more": "1",
        "not read": "0",
        "provided by nobody known": "asciidoc (1)",
    }


def test_json_for_machines(ask) -> None:  # type: ignore[no-untyped-def]
    record = json.loads(ask("show", "less", "-o", "json")[1])["less"]
    assert record["needs"]["ncurses"] == [
        {
            "requirement": "pkgconfig(ncurses)",
            "capability": "pkgconfig(ncurses)",
            "from": "text",
            "provider": "guess",
        }
    ]
    assert record["neededBy"] == {}
    assert record["unresolved"] == [{"requirement": "asciidoc", "from": "text"}]
    everything = json.loads(ask("show", "-o", "json")[1])
    assert everything.keys() == SPECS.keys()
    assert everything["ncurses"]["dynamic"]
    assert everything["ncurses"]["needs"]["gcc"][0]["uncertain"]
    assert everything["make"].keys() == {"needs"}


def test_dot(ask) -> None:  # type: ignore[no-untyped-def]
    assert ask("show", "ncurses", "-o", "dot")[1].splitlines() == [
        "digraph build {",
        "  rankdir=LR;",
        '  "ncurses" [style=bold];',
        r'  "ncurses" -> "gcc" [label="gcc-c++ >= \"14\"", style=dashed];',
        '  "less" -> "ncurses" [label="pkgconfig(ncurses)"];',
        "}",
    ]
    assert '  "make" -> "gcc";' in ask("show", "-o", "dot")[1].splitlines()


def test_cycles(ask, project: Path) -> None:  # type: ignore[no-untyped-def]
    assert ask("cycles")[1].splitlines() == [
        "MEMBERS  A WAY AROUND      TO CUT  COMPONENTS",
        "2        gcc → make → gcc  1       gcc, make",
    ]
    assert json.loads(ask("cycles", "-o", "json")[1]) == [
        {
            "members": ["gcc", "make"],
            "shortest": ["gcc", "make", "gcc"],
            "cut": [{"node": "gcc", "need": "make", "requirements": ["make"]}],
        }
    ]
    (project / "gcc.spec").write_text("Name: gcc\n%package c++\n")
    assert ask("cycles")[1] == "no cycles\n"


def test_orders(ask) -> None:  # type: ignore[no-untyped-def]
    code, out, err = ask("order", "--workers", "2", "--plan", "C")
    assert code == 0
    assert out.splitlines() == [
        "START  WORKER  BUILDS       AFTER         FROM THE SEED",
        "1      1       make@stage1                gcc",
        "1      2       gcc@stage1                 make",
        "2      1       gcc          make@stage1",
        "2      2       make         gcc@stage1",
        "3      1       ncurses      gcc",
        "4      1       less         gcc, ncurses",
    ]
    assert err == "6 builds by 2 workers take 4 steps, the longest chain alone 4 steps; 2 needs are met by the seed\n"
    plan = json.loads(ask("order", "--workers", "9", "-o", "json")[1])
    assert {key: plan[key] for key in plan if key not in ("builds", "cut")} == {
        "plan": "A",
        "workers": 9,
        "unit": "steps",
        "makespan": 3,
        "longestChain": 3,
        "bound": 3,
    }
    assert plan["cut"][0] == {"node": "gcc", "need": "make", "reason": "inside of a cycle of 2 components"}
    assert json.loads(ask("order", "--plan", "D", "-o", "json")[1])["builds"][0] == {
        "node": "gcc@stage1",
        "component": "gcc",
        "start": 0,
        "end": 1,
        "worker": 1,
        "firstStage": True,
    }


def test_the_times_of_earlier_builds(ask, project: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "w/work").mkdir(parents=True)
    lines = ({"time": 0, "run": "r", "event": "done", "node": "gcc", "seconds": 3600.0},)
    lines += ({"time": 0, "run": "r", "event": "done", "node": "make", "seconds": 90},)
    lines += ({"time": 0, "run": "r", "event": "done", "node": "less"}, {"time": 0, "run": "r", "event": "started"})
    (tmp_path / "w/work/build.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"ti')
    _, out, err = ask("order", "--workers", "1", "--plan", "C", "--work", str(tmp_path / "w"))
    assert [tuple(line.split()[:3:2]) for line in out.splitlines()[1:]] == [
        ("0:00:00", "make@stage1"),
        ("0:01:30", "gcc"),
        ("1:01:30", "gcc@stage1"),
        ("2:01:30", "ncurses"),
        ("2:32:15", "less"),
        ("3:03:00", "make"),
    ]
    assert "2 of their times are guessed" in err


def test_what_builds_have_asked_for(ask, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    made = structs.replace(result("ncurses"), requires=("gcc-c++ >= 14", "make"))
    record_result(tmp_path / "w/work/built", Arch.of_host(), made, reused=False)
    words = ("--work", str(tmp_path / "w"))
    needs = json.loads(ask("show", "ncurses", "-o", "json", *words)[1])["ncurses"]["needs"]
    assert {name: [(cause["requirement"], cause["from"]) for cause in causes] for name, causes in needs.items()} == {
        "gcc": [("gcc-c++ >= 14", "build")],
        "make": [("make", "build")],
    }
    assert "ncurses" in ask("affected", "make", "--direct", *words)[1]
    assert "ncurses" not in ask("affected", "make", "--direct")[1]


def test_what_a_change_reaches(ask) -> None:  # type: ignore[no-untyped-def]
    assert ask("affected", "make")[1].splitlines() == [
        "COMPONENT  DISTANCE  BUILT WITH",
        "gcc        1         make",
        "less       2         gcc",
        "ncurses    2         gcc",
    ]
    found = json.loads(ask("affected", "make", "--direct", "-o", "json")[1])
    assert found == {"changed": ["make"], "affected": [{"component": "gcc", "distance": 1, "through": "make"}]}
    assert ask("affected", "less")[1] == "nothing is built with less\n"


def test_questions_that_have_no_answer(ask, project: Path) -> None:  # type: ignore[no-untyped-def]
    code, _, err = ask("show", "les")
    assert (code, "did you mean 'less'?" in err) == (9, True)
    assert ask("affected", "gawk")[0] == 9
    assert ask("order", "--workers", "0")[0] == 2
    (project / "boatyard.toml").write_text(PROJECT.replace('inputs.rpm-build = [{ repo = "seed" }]\n', ""))
    code, _, err = ask("order")
    assert code == 5
    assert "components need each other: gcc → make → gcc, and the seed has none of them" in err


def test_a_spec_that_is_not_there(ask, project: Path) -> None:  # type: ignore[no-untyped-def]
    (project / "ncurses.spec").unlink()
    code, out, err = ask("show", "ncurses")
    assert code == 0
    assert err.startswith("note: what ncurses needs is not known: its spec ")
    assert out.splitlines()[-1].startswith("what it needs is not known: its spec")
    assert ask("show", "make", "-q")[2] == ""
