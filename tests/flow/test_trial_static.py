"""The static phase of a trial and its comparison with what a guest said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.check.measure import corpus_facts
from tests.check.test_facts import a_package, write_repository

from boatyard.artifact.codec import save
from boatyard.artifact.image import Manifest, PackageRow
from boatyard.artifact.machine import Drive
from boatyard.artifact.trial_report import SeenCommand, TrialImage
from boatyard.check.check import check_in_turn
from boatyard.check.finding import Verdict
from boatyard.check.step import Source
from boatyard.flow.trial.image import TrialDisk
from boatyard.flow.trial.static import compare, static_phase
from boatyard.trial.scenario import Deploy, Scenario, Static, Vm

if TYPE_CHECKING:
    from pathlib import Path

FACTS = corpus_facts()
SCRIPT = "#!/bin/bash\ncurl --version\nless /etc/passwd\nhtop -b\n"


@pytest.fixture
def disk(tmp_path: Path) -> TrialDisk:
    """An image with bash and dnf; its repository also has less."""
    repository = write_repository(
        tmp_path / "repo/base",
        [a_package("bash", ["/usr/bin/bash"]), a_package("dnf", ["/usr/bin/dnf"]), a_package("less", ["/bin/less"])],
    )
    rows = tuple(PackageRow(name=name, evr="1-1", arch="x86_64", size=1) for name in ("bash", "dnf"))
    value = Manifest(
        image="disk", format="raw", arch="x86_64", file="disk.raw", file_size=1, sha256="0" * 64, installed_size=1,
        packages=rows, repositories={"base": "0"},
    )  # fmt: skip
    manifest = tmp_path / "disk.raw.manifest.json"
    save(value, manifest)
    image = TrialImage(path="disk.raw", format="raw", sha256="0" * 64, name="disk", built_here=True)
    return TrialDisk(Drive(path=tmp_path / "disk.raw"), image, manifest, (repository,))


def scenario_in(folder: Path, mode: str, **files: str) -> Scenario:
    for name, text in files.items():
        (folder / name).write_text(text)
    steps = tuple(Deploy(script=name) for name in files if name != "init")
    custom = "init" if "init" in files else ""
    return Scenario(image="disk", vm=Vm(custom_data=custom), deploy=steps, static=Static(mode=mode))  # type: ignore[arg-type]


@pytest.mark.parametrize(("mode", "outcome"), [("fail", "failed"), ("report", "unknown")])
def test_errors_fail_only_when_they_are_to(disk: TrialDisk, tmp_path: Path, mode: str, outcome: str) -> None:
    scenario = scenario_in(tmp_path, mode, deploy="#!/bin/bash\nless x\nhtop\n")
    row, checks, report = static_phase(scenario, tmp_path, disk, tmp_path / "cache")
    why = "deploy:2: command less is not in the image; package less has it, and 1 more"
    assert (row.outcome, row.reason) == (outcome, why if mode == "fail" else f"only reported: {why}")
    assert [(one.name, one.outcome, one.place) for one in checks] == [
        ("SP001 command less", outcome, "deploy:2"),
        ("SP002 command htop", outcome, "deploy:3"),
    ]
    assert "dnf install -y less" in checks[0].hint
    assert report is not None
    assert report.missing_commands() == {"less", "htop"}


def test_custom_data_of_many_parts(disk: TrialDisk, tmp_path: Path) -> None:
    init = "#cloud-config-archive\n- |\n  #!/bin/sh\n  less x\n- packages: 1\n  content: 'packages: [less]'\n"
    scenario = scenario_in(tmp_path, "fail", init=init, deploy="#!/bin/bash\nless x\nhtop\n")
    _, checks, _ = static_phase(scenario, tmp_path, disk, tmp_path / "cache")
    assert [(one.name, one.outcome) for one in checks] == [("init", "passed"), ("SP002 command htop", "failed")]


def test_what_runs_first_is_there_for_what_runs_next(disk: TrialDisk, tmp_path: Path) -> None:
    init = "#cloud-config\npackages: [less]\n"
    scenario = scenario_in(tmp_path, "fail", init=init, deploy="#!/bin/bash\nless x\n")
    row, checks, report = static_phase(scenario, tmp_path, disk, tmp_path / "cache")
    assert row.outcome == "passed"
    assert [(one.name, one.outcome) for one in checks] == [("init", "passed"), ("deploy", "passed")]
    assert report is not None
    assert report.commands() == {"less": Verdict.PRESENT}


def test_functions_and_tests_of_one_file_are_not_known_to_the_next() -> None:
    first = Source("a.sh", "#!/bin/bash\nmine() { ls; }\nmine\ncommand -v jq || exit 1\n", "shell")
    report = check_in_turn([first, Source("b.sh", "#!/bin/bash\nmine\njq .\n", "shell")], [], FACTS)
    assert report.missing_commands() == {"mine", "jq"}


def test_a_script_that_lies_beside_another_is_followed_there_only() -> None:
    main = Source("deploy.sh", "#!/bin/bash\n./lib/part.sh\n", "shell")
    part = Source("lib/part.sh", "#!/bin/bash\nhtop\n", "shell")
    report = check_in_turn([main], [part], FACTS)
    assert [file.file for file in report.files] == ["deploy.sh"]
    assert report.missing_commands() == {"htop"}


@pytest.mark.parametrize("text", ["packages: [less]\n", "#!/bin/bash\nhtop\n", "#cloud-config\nruncmd: [htop\n"])
def test_custom_data_is_known_by_its_content(disk: TrialDisk, tmp_path: Path, text: str) -> None:
    row, checks, _ = static_phase(scenario_in(tmp_path, "fail", init=text), tmp_path, disk, tmp_path / "cache")
    assert row.outcome == "failed", checks


@pytest.mark.parametrize("text", ["#include\nhttp://host.invalid/\n", "#!/usr/bin/perl\n", "\0\1", ""])
def test_custom_data_of_other_kinds_is_left_alone(disk: TrialDisk, tmp_path: Path, text: str) -> None:
    row, checks, report = static_phase(scenario_in(tmp_path, "fail", init=text), tmp_path, disk, tmp_path / "cache")
    assert (row.outcome, checks, report) == ("skipped", [], None)


def test_an_image_of_which_nothing_is_known(disk: TrialDisk, tmp_path: Path) -> None:
    scenario = scenario_in(tmp_path, "fail", deploy=SCRIPT)
    foreign = TrialDisk(disk.drive, disk.image)
    row, checks, report = static_phase(scenario, tmp_path, foreign, tmp_path / "cache")
    assert (row.outcome, checks, report) == ("unknown", [], None)
    assert "no manifest" in row.reason
    gone = TrialDisk(disk.drive, disk.image, disk.manifest, (tmp_path / "gone",))
    row, _, _ = static_phase(scenario, tmp_path, gone, tmp_path / "cache")
    assert (row.outcome, "gone" in row.reason) == ("unknown", True)


def test_the_comparison_has_what_either_side_says() -> None:
    report = check_in_turn([Source("deploy.sh", SCRIPT, "shell")], [], FACTS)
    said = ["deploy.sh: line 3: less: command not found", "deploy.sh: line 4: sed: command not found", "fine"]
    assert compare(report, said) == (
        SeenCommand(name="htop", expected="missing", seen=False),
        SeenCommand(name="less", expected="missing", seen=True),
        SeenCommand(name="sed", expected="", seen=True),
    )
    assert compare(report, ["x: line 2: curl: command not found"])[0] == SeenCommand(
        name="curl", expected="present", seen=True
    )
    assert compare(None, said[:1]) == (SeenCommand(name="less", expected="", seen=True),)


def test_a_command_that_is_only_asked_for_is_not_expected_to_be_missed() -> None:
    asks = "#!/bin/bash\ncommand -v htop && htop\n[ -x /usr/bin/tree ] && tree\nwget x || true\n"
    report = check_in_turn([Source("deploy.sh", asks, "shell")], [], FACTS)
    assert [one.name for one in compare(report, [])] == ["wget"]


def test_a_branch_counts_when_the_guest_got_there() -> None:
    branch = "#!/bin/bash\ncase $(uname -s) in\n  Linux) lsb_release -a ;;\n  *) sw_vers ;;\nesac\n"
    report = check_in_turn([Source("deploy.sh", branch, "shell")], [], FACTS)
    assert compare(report, []) == ()
    assert compare(report, ["deploy.sh: line 3: lsb_release: command not found"]) == (
        SeenCommand(name="lsb_release", expected="missing", seen=True),
    )
