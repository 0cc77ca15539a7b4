"""Files of checks: TOML, goss's YAML, and what is wrong with them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from tests.docs.page import ROOT, blocks

from boatyard.base.error import ConfigError, NotFoundError
from boatyard.trial.assertion.load import load_assertions

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.trial.assertion.model import Assertions

TOML = """\
[file."/etc/nginx/nginx.conf"]
mode = "0644"
contains = ["worker_processes", "!/debug/"]

[package.nginx]

[service.nginx]
enabled = true
running = true

[command."nginx -t"]
timeout = "10 s"
stderr = ["successful"]

[port."tcp/80"]
ip = { contain-element = "0.0.0.0" }
"""
# As `goss autoadd` writes it, with what people add.
GOSS = """\
file:
  /etc/nginx/nginx.conf:
    exists: true
    mode: "0644"
    owner: root
    contents: []
package:
  nginx:
    installed: true
    versions:
    - 1.26.3-3
service:
  nginx:
    enabled: true
    running: true
    runlevels: ["3"]
user:
  www-data:
    title: the server's user
    meta: {desc: anything}
    exists: true
    skip: true
command:
  check config:
    exec: nginx -t
    exit-status: 0
    timeout: 10000
process:
  nginx: {running: true}
dns:
  example.org:
    resolveable: true
    server: 192.0.2.1
package-typo: {}
"""


def load(tmp_path: Path, text: str, name: str = "checks.toml") -> Assertions:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return load_assertions(path)


def refused(tmp_path: Path, text: str, name: str = "checks.toml") -> list[tuple[int, str, str]]:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text, name)
    return [(one.where.line if one.where else 0, one.what, one.hint) for one in caught.value.problems]


def test_toml(tmp_path: Path) -> None:
    found = load(tmp_path, TOML)
    assert [(one.kind, one.target, one.line) for one in found.items] == [
        ("file", "/etc/nginx/nginx.conf", 1),
        ("package", "nginx", 5),
        ("service", "nginx", 7),
        ("command", "nginx -t", 11),
        ("port", "tcp/80", 15),
    ]
    assert [(it.attribute, it.line) for it in found.items[0].expected] == [("mode", 2), ("contents", 3)]
    assert [it.attribute for it in found.items[1].expected] == ["installed"]
    assert found.items[3].timeout_s == 10.0


def test_goss_yaml_as_it_is(tmp_path: Path) -> None:
    found = load(tmp_path, GOSS.replace("package-typo: {}\n", ""), "goss.yaml")
    items = {one.kind: one for one in found.items}
    assert [it.attribute for it in items["file"].expected] == ["exists", "mode", "owner", "contents"]
    assert items["service"].unsupported == "service.runlevels"
    assert items["dns"].unsupported == "dns.server"
    assert (items["user"].name, items["user"].skip) == ("the server's user", True)
    assert (items["command"].target, items["command"].timeout_s) == ("nginx -t", 10.0)
    assert [it.attribute for it in items["dns"].expected] == ["resolvable"]


def test_unknown_kinds_are_no_silence(tmp_path: Path) -> None:
    ((line, what, _),) = refused(tmp_path, GOSS, "goss.yaml")
    assert (line, what) == (GOSS.count("\n"), "unknown kind of check 'package-typo'")


def test_every_fault_at_its_line(tmp_path: Path) -> None:
    text = """\
[file."etc/relative"]
mode = "0644"
[file."/etc/x"]
mode = 420000
exist = true
[packge.nginx]
[service."a b"]
[port."tcp/x"]
[command.id]
timeout = "soon"
exit-status = "zero"
[kernel-param."vm.swappiness"]
"""
    assert refused(tmp_path, text) == [
        (1, "'etc/relative' is no file", "expected an absolute path"),
        (4, "mode: expected permissions, not '420000'", 'write them as text: "0644"'),
        (5, "unknown key 'exist'", "did you mean 'exists'?"),
        (6, "unknown kind of check 'packge'", "did you mean 'package'?"),
        (7, "'a b' is no service", "expected a unit's name"),
        (8, "'tcp/x' is no port", "expected a port, such as tcp/22"),
        (10, "timeout: 'soon' is not a time", 'write "30 s", or milliseconds'),
        (11, "exit-status: expected a number, not 'zero'", ""),
        (12, "kernel-param 'vm.swappiness' expects nothing", "its keys are value"),
    ]


@pytest.mark.parametrize(
    ("text", "name", "line", "what"),
    [
        ("\n[file\n", "c.toml", 2, "not valid TOML"),
        ("a = " + "[" * 100 + "]" * 100, "c.toml", 1, "nested too deeply"),
        (f"a = {'9' * 5000}", "c.toml", 0, "not valid TOML"),
        ("file: ]", "goss.yaml", 1, "not valid YAML"),
        ("- a\n", "goss.yaml", 1, "expected kinds of checks"),
        ("file: 3\n", "goss.yaml", 1, "file is a table of names"),
        ("file:\n  /etc/x: yes\n", "goss.yaml", 2, "is a table of attributes"),
        ("package:\n{{range .Vars}}\n", "goss.yaml", 2, "templates are not evaluated"),
        ("a: &a [*a]\n", "goss.yaml", 1, "not valid YAML"),
        (
            "port:\n  tcp:22: {listening: true}\n  tcp:22: {listening: false}\n",
            "goss.yaml",
            3,
            "'tcp:22' is there twice",
        ),
        ("---\nport: {}\n---\nfile: {}\n", "goss.yaml", 4, "a second document"),
        ("[file.'']\nexists = true\n", "c.toml", 1, "without a name"),
        ('[file."/a\\u0000b"]\nexists = true\n', "c.toml", 1, "without a name"),
        ('[interface.".."]\nmtu = 1\n', "c.toml", 1, "is no interface"),
        ('[kernel-param."../../etc/passwd"]\nvalue = "x"\n', "c.toml", 1, "is no kernel-param"),
        ('[dns."-x"]\nresolvable = true\n', "c.toml", 1, "is no dns"),
        ('[addr."-x:1"]\nreachable = true\n', "c.toml", 1, "is no addr"),
        ('[http."file:///etc/passwd"]\nstatus = 200\n', "c.toml", 1, "is no http"),
    ],
)
def test_hostile_files(tmp_path: Path, text: str, name: str, line: int, what: str) -> None:
    ((at, told, _), *_) = refused(tmp_path, text, name)
    assert at == line
    assert what in told


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        load_assertions(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="not a plain file"):
        load_assertions(tmp_path)
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_assertions(tmp_path / "binary.toml")
    with pytest.raises(ConfigError, match="longer than"):
        load(tmp_path, "#" * (1 << 20) + "#")


def test_an_empty_file_checks_nothing(tmp_path: Path) -> None:
    assert load(tmp_path, "").items == load(tmp_path, "", "goss.yaml").items == ()


def test_included_files(tmp_path: Path) -> None:
    (tmp_path / "part").mkdir()
    (tmp_path / "part/one.yaml").write_text("package:\n  a: {installed: true}\n", encoding="utf-8")
    (tmp_path / "part/two.yaml").write_text("package:\n  b: {installed: true}\n", encoding="utf-8")
    text = "gossfile:\n  part/*.yaml: {}\n  again: {file: part/one.yaml}\n  part/two.yaml: {skip: true}\n"
    found = load(tmp_path, text, "goss.yaml")
    assert [(one.target, one.file.name) for one in found.items] == [
        ("a", "one.yaml"),
        ("b", "two.yaml"),
        ("a", "one.yaml"),
    ]


@pytest.mark.parametrize("name", ["goss.yaml", "../goss.yaml", "/etc/goss.yaml"])
def test_includes_that_are_refused(tmp_path: Path, name: str) -> None:
    ((line, what, _),) = refused(tmp_path, f"gossfile:\n  {name}: {{}}\n", "goss.yaml")
    assert line == 2
    assert "by itself" in what or "beside this one" in what


def test_includes_stay_in_the_folder_and_wait_for_nobody(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("root:hash\n")
    folder = tmp_path / "checks"
    folder.mkdir()
    (folder / "link.yaml").symlink_to("../secret")
    (folder / "loop.yaml").symlink_to("loop.yaml")
    os.mkfifo(folder / "pipe.yaml")
    for name, what in {
        "link.yaml": "leads out of the folder",
        "loop.yaml": "does not exist",
        "pipe.yaml": "is not a plain file",
        "none.yaml": "does not exist",
        "**x": "is no pattern of files",
    }.items():
        ((_, told, _),) = refused(folder, f"gossfile:\n  '{name}': {{}}\n", "goss.yaml")
        assert what in told
        assert "hash" not in told


def test_the_examples_of_the_documentation(tmp_path: Path) -> None:
    pages = ("docs/reference/trial-checks.md", "docs/how-to/check-inside-the-machine.md")
    texts = [block.text for page in pages for block in blocks(ROOT / page) if block.language == "toml"]
    examples = [text for text in texts if "[checks]" not in text]
    assert [len(load(tmp_path, text).items) for text in examples] == [6, 4]
