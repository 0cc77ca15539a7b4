"""`boatyard trial check` from the command line: its images, formats and exit codes."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest
from tests.check.measure import CORPUS
from tests.check.test_facts import a_package, write_repository

from boatyard.artifact.codec import save
from boatyard.artifact.image import Manifest, PackageRow
from boatyard.base.digest import sha256_file
from boatyard.cli.main import main
from boatyard_boot.arch import Arch

if TYPE_CHECKING:
    from collections.abc import Callable

FACTS = str(CORPUS / "facts.json")
WRONG = "#!/bin/bash\nhtop -b\n"
DOUBTFUL = '#!/bin/bash\n"$1" --version\n'
PROJECT = """
[project]
default-distro = { name = "d", version = "1" }
[distros.d.versions.1]
release-ver = "1"
[channels.base]
[images.disk]
definition = { type = "native" }
[images.disk.native]
formats = ["raw"]
channels = ["base"]
packages = ["bash"]
"""


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Runs the command in an empty folder: exit code, output, errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOATYARD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))

    def command(*words: str) -> tuple[int, str, str]:
        code = main(("trial", "check", *words))
        said = capsys.readouterr()
        return code, said.out, said.err

    return command


def write(**files: str) -> None:
    for name, text in files.items():
        Path(f"{name}.sh").write_text(text)


def test_exit_codes(run: Callable[..., tuple[int, str, str]]) -> None:
    write(good="#!/bin/bash\nls\n", wrong=WRONG, doubtful=DOUBTFUL, maybe='[ -n "$1" ] && htop\n')
    assert run("good.sh", "--facts", FACTS)[0] == 0
    assert run("wrong.sh", "--facts", FACTS)[0] == 8
    assert run("doubtful.sh", "--facts", FACTS)[0] == 0
    assert run("doubtful.sh", "--facts", FACTS, "--strict")[0] == 8
    assert run("maybe.sh", "--facts", FACTS)[0] == 0
    code, _, told = run("maybe.sh", "--facts", FACTS, "--strict")
    assert (code, "1 warning" in told) == (8, True)
    assert run("good.sh", "--facts", FACTS, "--strict")[0] == 0


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("good.sh",), 2, "which image"),
        (("good.sh", "--facts", FACTS, "--image", "x"), 2, "which image"),
        (("good.sh", "--facts", "none.json"), 9, "none.json does not exist"),
        (("good.sh", "--image", "nowhere"), 9, "image not found: nowhere"),
        (("good.sh", "--image", "disk"), 9, "image disk is not built"),
        (("good.sh", "--image", "./none.raw"), 9, "does not exist"),
        (("good.sh", "--image", "good.sh"), 9, "has no manifest"),
        (("good.sh", "--manifest", "none.json"), 9, "does not exist"),
        (("none.sh", "--facts", FACTS), 9, "none.sh does not exist"),
        (("data.bin", "--facts", FACTS), 2, "cannot tell what data.bin is"),
        (("big.sh", "--facts", FACTS), 2, "longer than"),
        (("good.sh", "--facts", FACTS, "--baseline", "none"), 9, "none does not exist"),
        (("good.sh", "--facts", "good.sh"), 2, "is not a file of facts"),
    ],
)
def test_what_cannot_be_checked(
    run: Callable[..., tuple[int, str, str]], words: tuple[str, ...], code: int, told: str
) -> None:
    write(good="ls\n", big="#" * (1 << 21))
    Path("boatyard.toml").write_text(PROJECT)
    Path("data.bin").write_bytes(b"\0\1")
    found, _, err = run(*words)
    assert (found, told in err, "Traceback" in err) == (code, True, False), err


def test_formats_and_a_file_of_output(run: Callable[..., tuple[int, str, str]]) -> None:
    write(wrong=WRONG)
    assert json.loads(run("wrong.sh", "--facts", FACTS, "-o", "json")[1])["counts"]["error"] == 1
    assert json.loads(run("wrong.sh", "--facts", FACTS, "-o", "sarif")[1])["version"] == "2.1.0"
    code, out, _ = run("wrong.sh", "--facts", FACTS, "-o", "junit", "--output-file", "report.xml")
    assert (code, out) == (8, "")
    assert ElementTree.parse("report.xml").getroot().get("failures") == "1"


def test_a_baseline_is_written_and_read(run: Callable[..., tuple[int, str, str]]) -> None:
    write(wrong=WRONG)
    assert run("wrong.sh", "--facts", FACTS, "--write-baseline", "known.json")[0] == 0
    assert run("wrong.sh", "--facts", FACTS, "--baseline", "known.json")[0] == 0
    write(wrong=WRONG + "tree\n")
    code, out, _ = run("wrong.sh", "--facts", FACTS, "--baseline", "known.json")
    assert (code, "tree" in out, "htop" in out) == (8, True, False)


def test_folders_and_stdin(
    run: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "deploy/.git").mkdir(parents=True)
    for name, text in {"a.sh": WRONG, "notes.txt": "htop\n", "data": "\0", ".git/hook.sh": "tree\n"}.items():
        (tmp_path / "deploy" / name).write_text(text)
    (tmp_path / "deploy/link.sh").symlink_to("/etc/passwd")
    data = json.loads(run("deploy", "--facts", FACTS, "-o", "json")[1])
    assert [file["file"] for file in data["files"]] == ["deploy/a.sh"]
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"htop\n")))
    assert run("-", "--type", "shell", "--facts", FACTS)[0] == 8


def test_an_image_of_the_project_with_its_repositories(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    (tmp_path / "boatyard.toml").write_text(PROJECT)
    packages = [
        a_package("bash", ["/usr/bin/bash"]),
        a_package("dnf", ["/usr/bin/dnf"]),
        a_package("jq", ["/usr/bin/jq"]),
    ]
    old = write_repository(tmp_path / "out/repo/1/base", packages)
    write_repository(tmp_path / "out/repo/2/base", packages[:2])
    (tmp_path / "out/repo/current").symlink_to("2")
    rows = tuple(PackageRow(name=name, evr="1-1", arch="x86_64", size=1) for name in ("bash", "dnf"))
    (tmp_path / "out/images").mkdir()
    image = tmp_path / f"out/images/disk-{Arch.of_host()}.raw"
    save(
        Manifest(
            image="disk", format="raw", arch="x86_64", file=image.name, file_size=1, sha256="0" * 64, installed_size=1,
            packages=rows, repositories={"base": sha256_file(old / "repodata/repomd.xml")},
        ),
        image.with_name(f"{image.name}.manifest.json"),
    )  # fmt: skip
    write(deploy="jq .\n")
    ways = [
        ("--image", "disk"),
        ("--image", str(image)),
        ("--manifest", f"{image}.manifest.json"),
        ("--manifest", f"{image}.manifest.json", "--repo", str(old)),
    ]
    for way in ways:  # the snapshot that it was made from, not the current one
        code, out, err = run("deploy.sh", *way)
        assert (code, "package jq has it" in out) == (8, True), (way, out, err)
    code, out, _ = run("deploy.sh", "--image", "disk", "--repo", str(tmp_path / "out/repo/2/base"))
    assert (code, "no repository has it" in out) == (8, True)
    assert run("deploy.sh", "--image", "disk", "--repo", str(tmp_path))[0] == 9
    assert len(list((tmp_path / "cache/facts").iterdir())) == 2
