"""What a deployment copies, and what Ansible is told of the machine."""

from __future__ import annotations

import hashlib
import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from boatyard.base.error import ConfigError, ToolError
from boatyard.flow.trial.deploy import Stage, _files, _inventory, check_tools, deploy, run_playbook
from boatyard.flow.trial.scenario import PlacedScenario
from boatyard.ports.run import Command
from boatyard.trial.scenario import Deploy, Scenario
from boatyard.vm.ssh import Ssh

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.ports.run import HostRunner


def placed(folder: Path, step: Deploy) -> PlacedScenario:
    return PlacedScenario(Scenario(image="x", deploy=(step,)), folder)


def test_files_and_whole_folders_are_copied_under_their_own_names(tmp_path: Path) -> None:
    for name in ("steps/run.sh", "conf/a", "conf/deep/b", "one", "other"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    step = Deploy(script="steps/run.sh", files=("conf", "one"))
    assert list(_files(placed(tmp_path, step), step)) == ["steps/run.sh", "conf/a", "conf/deep/b", "one"]


def test_a_link_in_a_folder_that_leads_out_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("of this machine")
    folder = tmp_path / "scenario"
    (folder / "conf").mkdir(parents=True)
    (folder / "run.sh").write_text("true")
    (folder / "conf/in").symlink_to(folder / "run.sh")
    step = Deploy(script="run.sh", files=("conf",))
    assert list(_files(placed(folder, step), step)) == ["run.sh", "conf/in"]
    (folder / "conf/out").symlink_to(tmp_path / "secret")
    with pytest.raises(ConfigError, match="conf/out is no file of the scenario's folder"):
        _files(placed(folder, step), step)
    (folder / "conf/out").unlink()
    (folder / "conf/out").symlink_to("/etc")
    with pytest.raises(ConfigError, match="conf/out"):
        _files(placed(folder, step), step)


def test_what_a_step_needs_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boatyard.ports.run.SEARCH_PATH", "/nonexistent")
    check_tools((Deploy(script="run.sh"),))
    with pytest.raises(ToolError) as caught:
        check_tools((Deploy(playbook="site.yml"),))
    assert "ansible-core" in caught.value.hint


@pytest.mark.tool
def test_ansible_reads_the_inventory_as_it_is_meant(tmp_path: Path, run: HostRunner) -> None:
    (tmp_path / "inventory").write_text(_inventory("ada", "web01", tmp_path / "it's here"))
    env = {"HOME": str(tmp_path)}
    command = Command(argv=("ansible-inventory", "-i", str(tmp_path / "inventory"), "--list"), cwd=tmp_path, env=env)
    told = json.loads(run(command).text)["_meta"]["hostvars"]
    assert list(told) == ["web01"]
    assert told["web01"]["ansible_user"] == "ada"
    assert shlex.split(told["web01"]["ansible_ssh_common_args"]) == ["-F", str(tmp_path / "it's here")]


@pytest.mark.tool
def test_a_playbook_runs_in_a_home_of_its_own_and_its_failure_is_told(tmp_path: Path, run: HostRunner) -> None:
    (tmp_path / "site.yml").write_text(
        "- hosts: all\n  gather_facts: false\n  become: false\n  connection: local\n"
        '  tasks:\n  - command: sh -c \'echo $HOME; ls ~ | tr "\\n" " "; exit 3\'\n'
    )
    (tmp_path / "machine").mkdir()
    shell = Ssh(run, tmp_path / "machine", 1, tmp_path / "key", "ada")
    lines: list[str] = []
    step = Deploy(playbook="site.yml", root=False)
    stage = Stage(shell=shell, log=tmp_path / "log", timeout_s=300, told=lines.append)
    ended = run_playbook(placed(tmp_path, step), step, stage)
    assert ended.code == 2, ended.tail
    assert str(tmp_path / "machine/.tmp-") in "".join(lines)
    assert "ansible.cfg inventory ssh_config" in "".join(lines)
    assert list((tmp_path / "machine").iterdir()) == [], "nothing is left of it"


@dataclass(frozen=True, slots=True)
class Here(Ssh):
    """This machine in the place of a guest: scripts run in its own shell."""

    def argv(self, *options: str) -> tuple[str, ...]:
        return ("env", f"HOME={self.folder}", "sh", "-c", 'shift; eval "$*"', "sh", *options[2:])


@pytest.mark.tool
def test_a_script_finds_its_files_and_arguments_as_they_are(tmp_path: Path, run: HostRunner) -> None:
    folder, home = tmp_path / "scenario", tmp_path / "home"
    (folder / "it's").mkdir(parents=True)
    home.mkdir()
    (folder / "it's/run me.sh").write_text(
        '#!/bin/sh\nprintf "<%s>" "$@"; echo\ncat data; sha256sum < big; stat -c %a . data big\ncat\nexit 9\n'
    )
    (folder / "it's/data").write_bytes(b"no end of line")
    (folder / "it's/big").write_bytes(b"\0\xff" * (300 << 10))
    step = Deploy(script="it's/run me.sh", arguments=("a b", "$HOME", "x'y"), files=("it's",), root=False)
    stage = Stage(shell=Here(run, home, 1, home / "key"), log=tmp_path / "log", timeout_s=60, told=lambda _: None)
    check = deploy(placed(folder, step), step, stage)
    assert (check.outcome, check.found) == ("failed", "exit status 9")
    digest = hashlib.sha256((folder / "it's/big").read_bytes()).hexdigest()
    assert check.detail == f"<a b><$HOME><x'y>\nno end of line{digest}  -\n700\n644\n644"
    (made,) = home.iterdir()
    assert made.stat().st_mode & 0o777 == 0o700
