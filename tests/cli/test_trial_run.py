"""`trial run` and `trial shell` before a machine is started: what is wrong is told, with the exit code of its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boatyard.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BOATYARD_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("verb", ["run", "shell"])
def test_a_machine_must_be_named(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trial", verb]) == 2
    assert "which image is it for?" in capsys.readouterr().err


def test_a_scenario_and_options_exclude_each_other(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (elsewhere / "s.toml").write_text('image = "x"\n')
    assert main(["trial", "run", "s.toml", "--image", "x"]) == 2
    assert "a scenario names its image and files itself" in capsys.readouterr().err


def test_faults_of_a_scenario_are_errors_of_the_configuration(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (elsewhere / "s.toml").write_text('image = "x"\n[vm]\ncpus = 0\n')
    assert main(["trial", "run", "s.toml"]) == 2
    told = capsys.readouterr().err
    assert "cpus is between 1 and 64" in told
    assert "s.toml:2 vm" in told
    assert main(["trial", "run", "missing.toml"]) == 2


def test_an_image_that_is_not_there(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trial", "run", "--image", "skiff-disk", "--work", "nothing"]) == 9
    assert "boatyard image build skiff-disk" in capsys.readouterr().err
    (elsewhere / "s.toml").write_text('image = "disk.qcow2"\n')
    assert main(["trial", "run", "s.toml"]) == 9
    assert list((elsewhere / "cache").rglob("*.lock")) == []


def test_the_folder_of_the_report_is_its_owners_alone_and_keeps_what_is_not_ours(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = elsewhere / "report"
    folder.mkdir()
    for name in ("report.json", "deploy-1-a.sh.log", "mine.txt", "console.log", "run.jsonl"):
        (folder / name).write_text("of an earlier trial")
    main(["trial", "run", "--image", "skiff-disk", "--work", "nothing", "--report", "report"])
    assert sorted(path.name for path in folder.iterdir()) == [".lock", "console.log", "mine.txt", "run.jsonl"]
    assert (folder / "run.jsonl").stat().st_mode & 0o777 == 0o600
    main(["trial", "run", "--image", "skiff-disk", "--work", "nothing", "--report", "made/here"])
    assert (elsewhere / "made/here").stat().st_mode & 0o777 == 0o700
