"""The sample deployments, tried by the command as its users type it; and the loop from the static check to the guest's
own words, closed."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.system.conftest import boatyard

from boatyard.artifact.codec import load
from boatyard.artifact.trial_report import TrialReport

if TYPE_CHECKING:
    from boatyard.artifact.trial_report import PhaseName, TrialCheck

pytestmark = [pytest.mark.vm, pytest.mark.network, pytest.mark.tool]

EXAMPLES = Path(__file__).parents[2] / "examples"
LOOP = Path(__file__).with_name("loop.sh")


@pytest.fixture
def work(request: pytest.FixtureRequest) -> Path:
    """The folder with the demo's images and repositories, or that of the disk that BOATYARD_TEST_DISK names."""
    if there := os.environ.get("BOATYARD_TEST_DISK"):
        return Path(there).absolute().parents[2]
    request.getfixturevalue("demo_result")
    folder: Path = request.getfixturevalue("demo_folder")
    return folder


@dataclass(frozen=True)
class Tried:
    """What a trial ended with, said and wrote."""

    code: int
    text: str
    report: TrialReport

    def outcomes(self, phase: PhaseName, *, after_reboot: bool = False) -> dict[str, str]:
        return {check.name: check.outcome for check in self.checks(phase, after_reboot=after_reboot)}

    def checks(self, phase: PhaseName, *, after_reboot: bool = False) -> list[TrialCheck]:
        return [one for one in self.report.checks if one.phase == phase and one.after_reboot is after_reboot]


def tried(scenario: Path, work: Path, folder: Path) -> Tried:
    """Runs a trial on the demo's disk."""
    ended = boatyard("trial", "run", str(scenario), "--work", str(work), "--report", str(folder))
    assert (folder / "report.json").is_file(), ended.stderr
    report = load(TrialReport, folder / "report.json")
    assert ended.returncode == report.exit_code, ended.stderr
    return Tried(ended.returncode, ended.stdout, report)


def changed(name: str, folder: Path, old: str, new: str) -> Path:
    """An example whose scenario is changed in one place."""
    shutil.copytree(EXAMPLES / name, folder)
    scenario = folder / "scenario.toml"
    text = scenario.read_text("utf-8")
    assert text.count(old) == 1
    scenario.write_text(text.replace(old, new), "utf-8")
    return scenario


def test_hello_passes(work: Path, tmp_path: Path) -> None:
    hello = tried(EXAMPLES / "hello/scenario.toml", work, tmp_path / "report")
    assert (hello.code, hello.report.passed) == (0, True), hello.text
    assert {phase.outcome for phase in hello.report.phases} == {"passed"}
    assert set(hello.outcomes("static").values()) == {"passed"}
    checks = hello.outcomes("check")
    assert {name for name, outcome in checks.items() if outcome != "passed"} <= {"egress"}
    assert {"ready", "agent", "cloud-init", "units", "script", "ports"} <= set(checks)
    assert any("hello" in name and outcome == "passed" for name, outcome in checks.items())
    assert hello.report.commands == ()
    assert hello.report.ready_s > 0


def test_sparse_lacks_what_the_static_check_said(work: Path, tmp_path: Path) -> None:
    sparse = tried(EXAMPLES / "sparse/scenario.toml", work, tmp_path / "report")
    assert (sparse.code, sparse.report.failed_phase) == (50, "deploy"), sparse.text
    fixes = {check.name: check.hint for check in sparse.checks("static")}
    assert fixes.keys() == {"SP001 command less", "SP002 command htop"}
    assert fixes["SP001 command less"] == "dnf install -y less"
    (script,) = sparse.checks("deploy")
    assert (script.outcome, script.found) == ("failed", "exit status 127")
    assert "htop: command not found" in script.detail
    assert {(one.name, one.expected, one.seen) for one in sparse.report.commands} == {
        ("less", "missing", True),
        ("htop", "missing", True),
    }


def test_what_the_guest_misses_is_what_the_static_check_foresaw(work: Path, tmp_path: Path) -> None:
    """Present, installable and unknown commands, in functions, wrappers, substitutions, here-documents and guards."""
    scenario = changed("sparse", tmp_path / "loop", '"deploy.sh"', '"loop.sh"')
    shutil.copy(LOOP, scenario.parent)
    loop = tried(scenario, work, tmp_path / "report")
    assert loop.code == 0, loop.text
    expected = {one.name for one in loop.report.commands if one.expected == "missing"}
    seen = {one.name for one in loop.report.commands if one.seen}
    assert seen == expected
    assert {"less", "cpio", "htop", "cowsay", "unzip", "neofetch", "nmap"} <= seen
    assert "lsb_release" in seen  # of a branch that nobody knew to be the one
    assert not seen & {"bzip2", "strace", "jq", "rsync", "fortune", "sw_vers", "ncdu", "curl"}


def test_after_a_reboot_what_nothing_enabled_is_gone(work: Path, tmp_path: Path) -> None:
    lost = tried(EXAMPLES / "after-reboot/scenario.toml", work, tmp_path / "report")
    assert (lost.code, lost.report.failed_phase) == (60, "check"), lost.text
    assert "failed" not in lost.outcomes("check").values()
    after = lost.outcomes("check", after_reboot=True)
    failed = {name for name, outcome in after.items() if outcome == "failed"}
    assert failed
    assert all("beacon" in name or "/run/app/version" in name for name in failed)
    assert any("/run/app/version" in name for name in failed)
    assert any("beacon.service" in name for name in after.keys() - failed)


def test_a_broken_cloud_config_is_found_before_anything_boots(work: Path, tmp_path: Path) -> None:
    broken = tried(EXAMPLES / "broken-cloud-config/scenario.toml", work, tmp_path / "report")
    assert (broken.code, broken.report.failed_phase) == (20, "static"), broken.text
    assert [check.outcome for check in broken.checks("static")] == ["unknown", "unknown", "failed"]
    assert [phase.outcome for phase in broken.report.phases] == ["failed", *["skipped"] * 4]
    assert broken.report.seconds < 60


@pytest.mark.sweep
def test_cloud_init_itself_says_that_the_cloud_config_is_broken(work: Path, tmp_path: Path) -> None:
    scenario = changed("broken-cloud-config", tmp_path / "broken", 'mode = "fail"', 'mode = "report"')
    broken = tried(scenario, work, tmp_path / "report")
    assert (broken.code, broken.report.failed_phase) == (60, "check"), broken.text
    (told,) = [check for check in broken.checks("check") if check.name == "cloud-init"]
    assert told.outcome == "failed"
    assert "runcmd" in told.detail


@pytest.mark.sweep
def test_a_cloud_on_a_bad_day_is_survived(work: Path, tmp_path: Path) -> None:
    survived = tried(EXAMPLES / "agent-faults/scenario.toml", work, tmp_path / "report")
    assert (survived.code, survived.report.generation) == (0, "gen1"), survived.text
    statuses = [one.status for one in survived.report.moments if one.lane == "imds"]
    assert statuses[:4] == [429, 429, 429, 200]


@pytest.mark.sweep
def test_a_machine_that_makes_no_user_fails_before_the_time_is_over(work: Path, tmp_path: Path) -> None:
    (tmp_path / "nobody.yaml").write_text("#cloud-config\nusers: []\n", "utf-8")
    (tmp_path / "scenario.toml").write_text('image = "skiff-disk"\n[vm]\ncustom-data = "nobody.yaml"\n', "utf-8")
    nobody = tried(tmp_path / "scenario.toml", work, tmp_path / "report")
    assert nobody.report.failed_phase == "provision"
    assert "Permission denied" in nobody.report.reason
    assert "for 300 s" in nobody.report.reason
    assert "`default`" in nobody.text
