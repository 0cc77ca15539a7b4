"""`boatyard install`: checks, plans, conversions and the schema from the command line."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest

from boatyard.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """
[disk]
serial = "WD-1234"

[system]
hostname = "web01"

[[users]]
name = "ada"
ssh-keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGkvFPdSi9RVvPz0Z7XbTFs8o0yU0kZ4n2hQmMTsW0m1"]

[packages]
install = ["less"]
"""


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    path = tmp_path / "answers.toml"
    path.write_text(GOOD)
    return path


def test_check(answers: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["install", "check", str(answers)]) == 0
    told = capsys.readouterr().out
    assert "serial WD-1234" in told
    assert "lvm, ext4" in told
    assert "ada" in told


def test_check_tells_everything_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "answers.toml"
    path.write_text('[disk]\nserail = "x"\nwipe = 1\n\n[system]\nhostname = "-"\n')
    assert main(["install", "check", str(path)]) == 2
    told = capsys.readouterr().err
    assert f"{path}:2 disk.serail" in told
    assert "did you mean 'serial'?" in told
    assert f"{path}:3 disk.wipe" in told
    assert f"{path}:5 system" in told


def test_user_data_is_looked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "answers.toml"
    path.write_text('[system]\nuser-data = "user-data"\n')
    assert main(["install", "check", str(path)]) == 9
    (tmp_path / "user-data").symlink_to("/etc/hostname")
    assert main(["install", "check", str(path)]) == 2
    assert "outside of its folder" in capsys.readouterr().err
    (tmp_path / "user-data").unlink()
    (tmp_path / "user-data").write_text("#cloud-config\n")
    assert main(["install", "check", str(path)]) == 0


@pytest.mark.parametrize("firmware", ["uefi", "bios"])
def test_dry_run(firmware: str, answers: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["install", "check", str(answers), "--dry-run", "--firmware", firmware]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(" 1. verify the signature")
    assert any("wipe /dev/vda (WD-1234)" in line for line in lines)
    assert any("install packages: less" in line for line in lines)
    assert "/dev/vda boots" in lines[-1]


def test_dry_run_as_json(answers: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["install", "check", str(answers), "--dry-run", "-o", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["users"] == ["ada"]
    assert told["wipe"] is False
    assert [step["name"] for step in told["steps"]][-1] == "commit"


def test_dry_run_on_a_disk_that_is_too_small(answers: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["install", "check", str(answers), "--dry-run", "--disk", "1 GiB"]) == 8
    assert "do not fit this machine" in capsys.readouterr().err
    assert main(["install", "check", str(answers), "--dry-run", "--disk", "large"]) == 2


def test_secrets_are_not_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "answers.toml"
    path.write_text('[layout]\nkind = "luks"\n\n[encryption]\npassphrase = "correct horse"\n')
    for more in ([], ["--dry-run"], ["-o", "json"]):
        assert main(["install", "check", str(path), *more]) == 0
    told = capsys.readouterr()
    assert "horse" not in told.out + told.err


def test_convert(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kickstart, output = tmp_path / "ks.cfg", tmp_path / "answers.toml"
    kickstart.write_text("timezone UTC\nfrobnicate\n")
    assert main(["install", "convert", str(kickstart), "-o", str(output)]) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert f"not converted: frobnicate: Unknown command: frobnicate\n  --> {kickstart}:2 frobnicate\n" in told.err
    assert 'timezone = "UTC"' in output.read_text()
    assert stat.S_IMODE(output.stat().st_mode) == 0o600
    assert main(["install", "convert", str(kickstart), "-o", str(output)]) == 2
    assert main(["install", "convert", str(kickstart), "-o", str(output), "--force"]) == 0
    assert main(["install", "check", str(output)]) == 0


def test_convert_strictly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kickstart, output = tmp_path / "ks.cfg", tmp_path / "answers.toml"
    kickstart.write_text("timezone UTC\nfrobnicate\n")
    assert main(["install", "convert", str(kickstart), "--strict", "-o", str(output)]) == 8
    assert not output.exists()
    kickstart.write_text("timezone UTC\nclearpart --all\n")  # converted, with a remark
    assert main(["install", "convert", str(kickstart), "--strict"]) == 0
    assert "wipe = true" in capsys.readouterr().out


def test_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["install", "schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    tables = schema["$defs"]
    assert schema["$ref"] == "#/$defs/Answers"
    assert all(table["additionalProperties"] is False for table in tables.values())
    assert tables["User"]["required"] == ["name"]
    assert "password-hash" in tables["User"]["properties"]
    assert tables["LayoutChoice"]["properties"]["kind"]["enum"] == ["lvm", "plain", "luks", "custom"]
