"""The commands about the configuration: what they print, for people and for machines."""

from __future__ import annotations

import csv
import io
import json
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest

from boatyard.cli import component, component_group, config, image_list, package, project
from boatyard.cli.choice import SKIFF
from boatyard.cli.main import main
from boatyard.cli.table import render, render_pairs
from boatyard.config.load import load_root
from boatyard.ports.run import Command

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from boatyard.ports.run import HostRunner

PROJECT = """
[project]
default-distro.name = "d"
[distros.d]
default-version = "1"
[distros.d.versions.1]
release-ver = "1"
default-component-config.spec = { type = "upstream", upstream-distro = { name = "fedora", version = "43" } }
[component-groups.tools]
description = "what people type"
components = ["less"]
[components.bash]
[components.less]
spec = { type = "upstream", upstream-commit = "0123456789abcdef" }
packages.less-doc.publish.rpm-channel = "docs"
[[components.less.overlays]]
type = "spec-add-tag"
description = "needs it"
tag = "Requires"
value = "bash"
[images.disk]
description = "A disk"
definition = { type = "kiwi", path = "disk/disk.kiwi", profile = "p" }
capabilities = { machine-bootable = true, container = false, systemd = true }
[package-groups.base]
packages = ["bash", "less"]
default-package-config.publish.channel = "base"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "boatyard.toml").write_text(PROJECT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    return tmp_path


@pytest.fixture
def said(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def run(*words: str) -> str:
        assert main(words) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    return run


def test_component_list(said: Callable[..., str]) -> None:
    expected = (
        "NAME  TYPE      SOURCE                   OVERLAYS  GROUPS\n"
        "bash  upstream  fedora 43\n"
        "less  upstream  fedora 43 @0123456789ab  1         tools\n"
    )
    assert said("component", "list") == said("component", "list", "-a") == expected
    assert "less" not in said("component", "list", "ba*")
    assert "bash" not in said("component", "list", "-g", "tools")
    assert said("component", "list", "-p", "z*") == "NAME  TYPE  SOURCE  OVERLAYS  GROUPS\n"


def test_component_list_for_machines(said: Callable[..., str], folder: Path) -> None:
    (record,) = json.loads(said("component", "list", "less", "-o", "json"))
    assert record == {
        "name": "less",
        "renderedSpecDir": str(folder / "specs/l/less"),
        "spec": {
            "type": "upstream",
            "upstreamDistro": {"name": "fedora", "version": "43"},
            "upstreamCommit": "0123456789abcdef",
        },
        "release": {"calculation": "auto"},
        "overlays": [{"type": "spec-add-tag", "description": "needs it", "tag": "Requires", "value": "bash"}],
        "build": {"check": {}, "failure": {}, "hints": {}},
        "render": {},
        "packages": {"less-doc": {"publish": {"rpmChannel": "docs"}}},
        "publish": {},
        "file": str(folder / "boatyard.toml"),
        "groups": ["tools"],
    }
    assert list(csv.reader(io.StringIO(said("component", "list", "bash", "-O", "csv")))) == [
        ["name", "type", "source", "overlays", "groups"],
        ["bash", "upstream", "fedora 43", "", ""],
    ]


def test_component_query(said: Callable[..., str], folder: Path) -> None:
    text = said("component", "query", "less")
    assert f"where:     {folder}/boatyard.toml:13 components.less\n" in text
    assert "overlays:  1. spec-add-tag (needs it)" in text
    (record,) = json.loads(said("component", "query", "less", "-o", "json"))
    assert record["where"] == f"{folder}/boatyard.toml:13 components.less"


def test_component_add(said: Callable[..., str], folder: Path) -> None:
    (folder / "boatyard.toml").chmod(0o640)
    assert "added gcc to" in said("component", "add", "gcc", "libstdc++")
    said("component", "add", "zsh", "--spec", "zsh/zsh.spec")
    said("component", "add", "vim", "--commit", "abcdef1")
    said("component", "add", "htop", "--deb")
    text = (folder / "boatyard.toml").read_text()
    assert text.startswith(PROJECT.rstrip("\n"))
    assert '\n\n[components.gcc]\n\n[components."libstdc++"]\n' in text
    assert (folder / "boatyard.toml").stat().st_mode & 0o777 == 0o640
    assert tomllib.loads(text)["components"]["htop"] == {
        "spec": {"type": "deb", "source": "htop", "binaries": ["htop"]}
    }
    loaded = load_root(folder / "boatyard.toml")
    assert loaded.component("zsh").spec.path == folder / "zsh/zsh.spec"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["component", "list", "les"], 9, "component not found: les\n  hint: did you mean 'less'?"),
        (["component", "add", "bash"], 2, "component exists already: bash"),
        (["component", "add", "new", "new"], 2, "component exists already: new"),
        (["component", "add", "../x"], 2, "is not a plain file name"),
        (["component", "add", "x", "--commit", "zz"], 2, "is not a commit"),
        (["component", "add", "x", "y", "--spec", "x.spec"], 2, "are for one component"),
        (["component", "list", "-C", "/"], 2, "could not find config file"),
        (["component", "list", "-C", "nowhere"], 2, "there is no folder nowhere"),
        (["package", "list", "-c", "nobody"], 9, "component not found: nobody"),
        (["config", "check"], 2, "distro not found: fedora"),
        (["project", "init"], 2, "there is a project already"),
        (["project", "new", "."], 2, "is not empty"),
        (["project", "init", "absent"], 2, "is no folder"),
    ],
)
def test_what_goes_wrong(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int, message: str
) -> None:
    before = sorted(folder.rglob("*"))
    assert main(words) == code
    assert message in capsys.readouterr().err
    assert sorted(folder.rglob("*")) == before
    assert (folder / "boatyard.toml").read_text() == PROJECT


def test_a_file_that_cannot_take_a_table(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "boatyard.toml").write_text("components = { bash = {} }\n")
    assert main(["component", "add", "less"]) == 2
    assert "a table cannot be added at the end" in capsys.readouterr().err


def test_groups_and_packages(said: Callable[..., str]) -> None:
    assert json.loads(said("component-group", "list", "-o", "json")) == [
        {"name": "tools", "description": "what people type", "members": ["less"]}
    ]
    rows = {row[0]: row for row in csv.reader(io.StringIO(said("package", "list", "less*", "unknown", "-o", "csv")))}
    assert rows["less"][2:5] == ["base", "package-groups.base.default-package-config.publish.channel", "base"]
    assert rows["less-doc"][2:] == ["docs", "components.less.packages.less-doc.publish.rpm-channel", "", "less"]
    assert rows["unknown"][2:] == ["", "", "", ""]
    (record,) = json.loads(said("package", "list", "--channel", "docs", "-o", "json"))
    assert record == {
        "packageName": "less-doc",
        "type": "rpm",
        "packageGroups": [],
        "componentGroups": ["tools"],
        "component": "less",
        "publishChannel": "docs",
        "why": "components.less.packages.less-doc.publish.rpm-channel",
    }


def test_packages_by_source_package(said: Callable[..., str], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "map.json").write_text(
        """[{"packageName": "less", "sourcePackageName": "less"}, {"packageName": "lib", "sourcePackageName": "less"},
            {"packageName": "lib", "sourcePackageName": "bash", "more": 1},
            {"packageName": "x", "sourcePackageName": "y"}]"""
    )
    (folder / "boatyard.toml").write_text(PROJECT + '[components.less.publish]\nsrpm-channel = "src"\n')
    rows = list(csv.reader(io.StringIO(said("package", "list", "--rpm-file", "map.json", "-o", "csv"))))[1:]
    assert [(row[0], row[1], row[2], row[5]) for row in rows] == [
        ("less", "rpm", "base", "less"),
        ("less", "srpm", "src", "less"),
        ("lib", "rpm", "", "less"),
        ("x", "rpm", "", "y"),
        ("y", "srpm", "", "y"),
    ]
    assert rows[1][3] == "components.less.publish.srpm-channel"
    for words in (["less"], ["-a"], ["-p", "l"], ["--synthesize-debug-packages"], ["-c", "less"]):
        assert main(["package", "list", "--rpm-file", "map.json", *words]) == 2
    for text in ("[", "{}", '[{"packageName": ""}]', '[{"packageName": "a"}]', "[" * 100_000):
        (folder / "map.json").write_text(text)
        assert main(["package", "list", "--rpm-file", "map.json"]) == 2
        assert "not a map of packages" in capsys.readouterr().err
    assert main(["package", "list", "--rpm-file", "/dev/zero"]) == 2
    assert "not a plain file" in capsys.readouterr().err


def test_debug_packages_are_made_up(said: Callable[..., str], folder: Path) -> None:
    (folder / "boatyard.toml").write_text(
        PROJECT.replace("default-package-config.publish.channel", "default-package-config.publish.rpm-channel").replace(
            'publish.rpm-channel = "base"', 'publish = { rpm-channel = "base", debuginfo-channel = "debug" }'
        )
    )
    words = ("package", "list", "less", "bash-debuginfo", "--synthesize-debug-packages", "-o", "csv")
    rows = [row[:3] + row[5:] for row in csv.reader(io.StringIO(said(*words)))][1:]
    assert rows == [
        ["bash-debuginfo", "rpm", "", ""],
        ["bash-debugsource", "rpm", "", "bash"],
        ["less", "rpm", "base", "less"],
        ["less-debuginfo", "rpm", "debug", "less"],
        ["less-debugsource", "rpm", "", "less"],
    ]


def test_a_package_of_two_components(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "boatyard.toml").write_text(PROJECT + '[components.x.packages.less-doc.publish]\nrpm-channel = "y"\n')
    assert main(["package", "list"]) == 2
    assert "less-doc is configured by more than one component: less and x\n  --> " in capsys.readouterr().err


def test_locked(said: Callable[..., str], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "boatyard.toml").write_text(
        PROJECT + "[seeds.s]\nsuites = ['trixie']\n[components.htop]\nspec = { type = 'deb', source = 'htop' }\n"
    )
    locks = folder / "locks"
    locks.mkdir()
    (locks / "less.lock").write_text(
        "version = 1\nupstream-commit = 'ab'\nmanual-bump = 2\ninput-fingerprint = 'sha256:0'\n"
    )
    (locks / "htop.lock").write_text(
        "lock-version = 1\nkind = 'deb'\n[x86_64]\nsource = 'htop'\nversion = '3.4'\n[[x86_64.deb]]\npackage = 'htop'\n"
        "version = '3.4+b1'\narchitecture = 'amd64'\nsuite = 'trixie'\npath = 'pool/main/h/htop/htop_3.4_amd64.deb'\n"
        f"size = 1\nsha256 = '{'0' * 64}'\n"
    )
    found = {record["name"]: record.get("locked") for record in json.loads(said("component", "list", "-o", "json"))}
    assert found == {
        "bash": None,
        "less": {"upstreamCommit": "ab", "inputFingerprint": "sha256:0", "manualBump": 2},
        "htop": {"x86_64": {"source": "htop", "version": "3.4", "debs": {"htop": "3.4+b1"}}},
    }
    for text, told in {
        "version = 2\n": "of version 2",
        "version = 1\nmanual-bump = true\n": "manual-bump is True",
        "version = 1\n<<<<<<< HEAD\n": "less.lock:2\n",
        "x": "not valid TOML",
    }.items():
        (locks / "less.lock").write_text(text)
        assert main(["component", "query", "less", "-o", "json"]) == 2
        assert told in capsys.readouterr().err
    assert main(["component", "list"]) == 0, "a table has no locks in it"


def test_add_can_be_tried(said: Callable[..., str], folder: Path) -> None:
    assert said("component", "add", "-n", "gcc", "vim") == "[components.gcc]\n\n[components.vim]\n"
    assert (folder / "boatyard.toml").read_text() == PROJECT


def test_quiet_verbose_and_permissive(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "boatyard.toml").write_text(
        PROJECT + "[components.bash.nonsense]\n[component-groups.g]\ncomponents = ['zsh']\n"
    )
    assert main(["component", "list"]) == 2
    assert "unknown key 'nonsense'" in capsys.readouterr().err
    assert main(["component", "list", "--permissive-config", "-v"]) == 0
    told = capsys.readouterr().err
    assert told.splitlines()[1] == f"read {folder}/boatyard.toml"
    assert "warning: undefined component reference: component group 'g' references component 'zsh'\n  --> " in told
    assert main(["component", "list", "--permissive-config", "--quiet"]) == 0
    assert capsys.readouterr().err == ""


def test_without_the_defaults(said: Callable[..., str]) -> None:
    templates = "rpmRepoSetTemplates"
    assert templates in json.loads(said("config", "dump", "-o", "json"))["resources"]
    assert templates not in json.loads(said("config", "dump", "-o", "json", "--no-default-config")).get("resources", {})
    assert templates not in json.loads(said("--no-default-config", "config", "dump", "-o", "json")).get("resources", {})


def test_image_list(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import argparse

    parser = argparse.ArgumentParser()
    image_list.add_list(parser.add_subparsers())
    args = parser.parse_args(["list", "-o", "json"])
    assert args.run(args) == 0
    assert json.loads(capsys.readouterr().out) == [
        {
            "name": "disk",
            "description": "A disk",
            "definition": {"type": "kiwi", "path": str(folder / "disk/disk.kiwi"), "profile": "p"},
            "capabilities": {"machineBootable": True, "systemd": True},
            "tests": {},
            "publish": {},
        }
    ]
    args = parser.parse_args(["list", "d*"])
    assert args.run(args) == 0
    assert "disk  kiwi  disk.kiwi (p)  machine-bootable systemd         A disk\n" in capsys.readouterr().out


def test_config_dump(said: Callable[..., str], folder: Path) -> None:
    tables = tomllib.loads(said("config", "dump"))
    assert tables["images"]["disk"]["definition"]["path"] == str(folder / "disk/disk.kiwi")
    assert tables["project"]["lock-dir"] == str(folder / "locks")
    data = json.loads(said("config", "dump", "-q", "-f", "json"))
    assert data["project"]["renderedSpecsDir"] == str(folder / "specs")
    assert data["packageGroups"]["base"]["defaultPackageConfig"]["publish"] == {"channel": "base"}
    assert data["components"]["less"]["overlays"][0]["tag"] == "Requires"


def test_config_dump_with_origins(said: Callable[..., str], folder: Path) -> None:
    (folder / "over.toml").write_text('\n[distros.d]\ndefault-version = "1"\n')
    text = said("config", "dump", "--origin", "--config-file", "over.toml")
    assert f'{folder}/over.toml:3: distros.d.default-version = "1"\n' in text
    assert f'{folder}/boatyard.toml:3: project.default-distro.name = "d"\n' in text
    rows = json.loads(said("config", "dump", "--origin", "-o", "json"))
    assert {"key": "images.disk.description", "value": "A disk", "file": f"{folder}/boatyard.toml", "line": 22} in rows


def test_config_schema(said: Callable[..., str]) -> None:
    assert json.loads(said("config", "generate-schema"))["$defs"]["ConfigFile"]["additionalProperties"] is False


def test_a_new_project_is_good(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["project", "new", "Über Distro!"]) == 0
    made = folder / "Über Distro!"
    (made / "x").mkdir()
    (made / "x/x.spec").touch()
    assert main(["config", "check", "-C", str(made)]) == 0
    assert "1 components" in capsys.readouterr().out
    assert (made / ".gitignore").read_text() == "/build/\n/out/\n"


def test_init_keeps_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".gitignore").write_text("mine")
    monkeypatch.chdir(tmp_path)
    assert main(["project", "init"]) == 0
    assert (tmp_path / ".gitignore").read_text() == "mine"
    assert load_root(tmp_path / "boatyard.toml").name


def test_tables() -> None:
    rows = [("a|b", "1"), ("\x1b[2J", "22")]
    assert render("table", ("x", "y"), rows) == "X     Y\na|b   1\n?[2J  22"
    assert render("markdown", ("x", "y"), rows[:1]) == "| x | y |\n| --- | --- |\n| a\\|b | 1 |"
    assert render("csv", ("x", "y"), [('q"', "a,b")]) == 'x,y\n"q""","a,b"'
    assert render("table", ("x",), []) == "X"
    assert render_pairs({"a": "1", "none": "", "bb": "2\n3"}) == "a:   1\nbb:  2\n     3"


HEAVY = (
    "pydantic",
    "rich",
    "dask",
    "distributed",
    "jinja2",
    "tomlkit",
    "createrepo_c",
    "solv",
    "hypothesis",
    "re2",
    "subprocess",
)


def test_listing_imports_nothing_heavy(folder: Path, run: HostRunner) -> None:
    code = (
        "import sys; from boatyard.cli.main import main; code = main(['component', 'list', '-a', '-C', sys.argv[1]]); "
        "print('IMPORTED', *sorted(sys.modules)); sys.exit(code)"
    )
    text = run(Command(argv=(sys.executable, "-c", code, str(folder)))).text
    assert "less  upstream" in text
    imported = text.rsplit("IMPORTED", 1)[1].split()
    assert "boatyard.config.load" in imported
    assert [name for name in imported if name.split(".")[0] in HEAVY] == []


def test_every_noun_registers() -> None:
    import argparse

    for module in (component, component_group, config, package, project):
        nouns = argparse.ArgumentParser().add_subparsers()
        module.register(nouns)
        assert nouns.choices


def test_what_is_dumped_loads_the_same(said: Callable[..., str], folder: Path) -> None:
    first = said("config", "dump")
    other = folder / "other"
    other.mkdir()
    (other / "boatyard.toml").write_text(first)
    assert said("config", "dump", "-C", "other") == first


def test_outside_of_a_project_it_is_skiff(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["component", "list", "less", "-o", "csv"]) == 0
    assert "less," in capsys.readouterr().out
    assert main(["config", "check"]) == 0
    assert "nothing is wrong" in capsys.readouterr().out
    before = SKIFF.read_bytes()
    assert main(["component", "add", "mine"]) == 2, "the project in the package is nobody's to change"
    assert "could not find config file" in capsys.readouterr().err
    assert SKIFF.read_bytes() == before
