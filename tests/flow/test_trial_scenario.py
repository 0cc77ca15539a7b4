"""Scenarios: what is read, every fault at its line, and files that are none of the scenario's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boatyard.base.error import ConfigError
from boatyard.cloud.machine import DataDisk, Fault
from boatyard.flow.trial.scenario import cloud_vm, pool_vm, read_scenario, scenario_of

if TYPE_CHECKING:
    from pathlib import Path

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJvYXR5YXJkYm9hdHlhcmRib2F0eWFyZGJvYXR5 ada"

WHOLE = """\
image = "skiff-disk"

[vm]
name = "web01"
generation = "gen1"
user = "ada"
ssh-keys = ["ada.pub"]
custom-data = "cloud/init.yaml"
tags = ["env=test", "note=a=b"]
resource-disk = "4 GiB"
data-disks = [{ lun = 3, size = "1500 MiB" }, { lun = 1, size = "8 GiB" }]

[faults]
imds-throttled = 2
dhcp-delay = "1.5 s"
dhcp-without = [121, 245]
cd-without = ["HostName"]

[[deploy]]
script = "deploy.sh"
arguments = ["--now"]
files = ["conf"]

[checks]
after-reboot = true
"""


def place(folder: Path, text: str, **files: str) -> Path:
    """A scenario with files beside it."""
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    file = folder / "scenario.toml"
    file.write_text(text)
    return file


def refused(file: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        read_scenario(file)
    return str(caught.value).replace(str(file.parent), "HERE")


def test_a_scenario_becomes_the_vm_that_it_orders(tmp_path: Path) -> None:
    files = {"ada_pub": KEY, "cloud__init_yaml": "#cloud-config\n", "deploy_sh": "true", "conf__app_conf": "x"}
    placed = read_scenario(place(tmp_path / "first", WHOLE, **files))
    vm = cloud_vm(placed)
    assert (vm.name, vm.generation, vm.user, vm.custom_data) == ("web01", "gen1", "ada", b"#cloud-config\n")
    assert vm.public_keys == (KEY,)
    assert vm.tags == {"env": "test", "note": "a=b"}
    assert vm.resource_disk_gib == 4
    assert vm.data_disks == (
        DataDisk(name="web01_DataDisk_1", lun=1, size_gib=8),
        DataDisk(name="web01_DataDisk_3", lun=3, size_gib=2),  # whole GiB, as Azure sells them
    )
    assert vm.fault == Fault(imds_throttled=2, dhcp_delay_s=1.5, dhcp_without=(121, 245), cd_without=("HostName",))
    assert placed.name == "first", "a file that is called scenario.toml has the name of its folder"
    assert placed.scenario.checks.after_reboot


def test_a_pooled_vm_is_the_same_machine_for_nobody(tmp_path: Path) -> None:
    vm = cloud_vm(read_scenario(place(tmp_path, 'image = "x"\n[vm]\nname = "web01"\n[faults]\nreprovision = true\n')))
    pool = pool_vm(vm)
    assert (pool.id, pool.generation, pool.wire) == (vm.id, vm.generation, vm.wire)
    assert (pool.custom_data, pool.public_keys) == (b"", ())
    assert pool.name != vm.name


def test_every_fault_is_told_at_its_line(tmp_path: Path) -> None:
    text = """\
image = "skiff-disk"
colour = "blue"

[vm]
nam = "web01"
cpus = "two"

[[deploy]]
script = "a.sh"
playbook = "b.yml"

[checks]
skip = ["redy"]
ports = ["tcp/99999"]

[limits]
boot = "soon"
"""
    assert refused(place(tmp_path, text)) == (
        """\
error: unknown key
  --> HERE/scenario.toml:2 colour
  hint: known: image, schema, name, repositories, vm, faults, events, egress, limits, static, deploy, checks
error: unknown key
  --> HERE/scenario.toml:5 vm.nam
  hint: did you mean 'name'?
error: expected a number
  --> HERE/scenario.toml:6 vm.cpus
error: give either `script` or `playbook`
  --> HERE/scenario.toml:8 deploy[0]
error: 'redy' is no built-in check; they are ready, agent, cloud-init, units, script, login, boot-time, memory, disk, \
ports, egress
  --> HERE/scenario.toml:12 checks
error: 'soon' is not a time; write a number and one of ms, s, min, h
  --> HERE/scenario.toml:16 limits"""
    )


def test_files_are_those_of_the_folder_and_all_that_are_missing_are_told(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("of this machine")
    folder = tmp_path / "scenario"
    folder.mkdir()
    (folder / "out.yaml").symlink_to(tmp_path / "secret")
    (folder / "dir").mkdir()
    text = """\
image = "skiff-disk"
[vm]
custom-data = "out.yaml"
[[deploy]]
script = "missing.sh"
files = ["dir", "gone"]
[[deploy]]
playbook = "dir"
[checks]
files = ["checks.toml"]
"""
    assert refused(place(folder, text)) == (
        """\
error: out.yaml is a link that leads out of the scenario's folder
  --> HERE/scenario.toml:3 vm.custom-data
  hint: copy the file there
error: there is no file missing.sh
  --> HERE/scenario.toml:5 deploy[0].script
  hint: files are looked for beside the scenario
error: there is no file gone
  --> HERE/scenario.toml:6 deploy[0].files[1]
  hint: files are looked for beside the scenario
error: dir is no plain file
  --> HERE/scenario.toml:8 deploy[1].playbook
error: there is no file checks.toml
  --> HERE/scenario.toml:10 checks.files[0]
  hint: files are looked for beside the scenario"""
    )


@pytest.mark.parametrize(
    ("text", "what", "line"),
    [
        ('image = "x"\n[vm]\nname = "a b"\n', "'a b' is no name of a VM", "2 vm"),
        ('image = "x"\n[vm]\nuser = "root"\n', "'root' is no name for an administrator", "2 vm"),
        ('image = "x"\n[vm]\nuser = "test"\n', "Azure lets no administrator be called 'test'", "2 vm"),
        ('image = "x"\n[egress]\npolicy = "list"\nallow = ["10.0.0.1/8"]\n', "has host bits set", "2 egress"),
        ('image = "x"\n[vm]\ncustom-data = "../x"\n', "names no file beside the scenario", "2 vm"),
        ('image = "x"\n[vm]\ncustom-data = "/etc/shadow"\n', "names no file beside the scenario", "2 vm"),
        ('image = "x"\n[[events]]\nkind = "reboot"\nafter = "2 h"\n', "is over before (30 min)", "4 events[0].after"),
        ('schema = 2\nimage = "x"\n', "schema 2 is not known", ""),
        ("[vm]\n", "the key 'image' is missing", ""),
        ('image = "x\n', "TOML", "1"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, text: str, what: str, line: str) -> None:
    told = refused(place(tmp_path, text))
    assert what in told
    assert f"scenario.toml:{line}" in told if line else "scenario.toml" in told


def test_custom_data_that_azure_would_refuse(tmp_path: Path) -> None:
    file = place(tmp_path, 'image = "x"\n[vm]\ncustom-data = "big_yaml"\n')
    (tmp_path / "big_yaml").write_bytes(b"#" * 65_536)
    assert "at most 65,535 bytes" in refused(file)


def test_a_private_key_is_no_public_key(tmp_path: Path) -> None:
    file = place(tmp_path, 'image = "x"\n[vm]\nssh-keys = ["id"]\n', id="-----BEGIN OPENSSH PRIVATE KEY-----\nsecret\n")
    told = refused(file)
    assert "not a public key" in told
    assert "secret" not in told


def test_options_make_a_scenario_of_files_wherever_they_are(tmp_path: Path) -> None:
    for name in ("a/init.yaml", "b/deploy.sh", "c/one.toml", "c/goss.yaml", "c/test_x.py", "c/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("#cloud-config\n")
    placed = scenario_of(
        "skiff-disk", cloud_init=tmp_path / "a/init.yaml", scripts=[tmp_path / "b/deploy.sh"], checks=[tmp_path / "c"]
    )
    scenario = placed.scenario
    assert placed.folder == tmp_path.resolve()
    assert scenario.vm.custom_data == "a/init.yaml"
    assert [step.script for step in scenario.deploy] == ["b/deploy.sh"]
    assert scenario.checks.files == ("c/goss.yaml", "c/one.toml")
    assert scenario.checks.testinfra == ("c/test_x.py",)
    assert cloud_vm(placed).custom_data == b"#cloud-config\n"


def test_options_that_name_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is no file"):
        scenario_of("skiff-disk", scripts=[tmp_path / "missing.sh"])
    with pytest.raises(ConfigError, match="holds no checks"):
        scenario_of("skiff-disk", checks=[tmp_path])


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('[vm]\nmemory = ""\n', "'' is not a size"),
        ('[vm]\nmemory = "1 B"\n', "memory is between 16 MiB and 1 TiB"),
        ('[vm]\nmemory = "9999 TiB"\n', "memory is between 16 MiB and 1 TiB"),
        ('[limits]\nboot = "0 s"\n', "a phase needs more time than none"),
        ('[limits]\nboot = "25 h"\n', "no time is longer than 24 h here"),
        (f'[limits]\ndeploy = "{"9" * 400} h"\n', "no time is longer than 24 h here"),
        ('[[events]]\nkind = "link-flap"\ndown = "99999999999 h"\n', "no time is longer than 24 h here"),
    ],
)
def test_quantities_that_no_machine_can_have(tmp_path: Path, text: str, what: str) -> None:
    told = refused(place(tmp_path, f'image = "skiff-disk"\n{text}'))
    assert what in told
    assert "scenario.toml:2" in told


def test_a_link_to_itself_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    for option in (
        {"cloud_init": tmp_path / "loop"},
        {"scripts": [tmp_path / "loop"]},
        {"checks": [tmp_path / "loop"]},
    ):
        with pytest.raises(ConfigError, match="loop is no file"):
            scenario_of("skiff-disk", **option)  # type: ignore[arg-type]
