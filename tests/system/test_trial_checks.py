"""Checks inside a machine that is up: what only a real system, its package database and its SSH server can answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from boatyard.artifact.demo_result import DemoResult

pytestmark = [pytest.mark.vm, pytest.mark.network, pytest.mark.tool, pytest.mark.sweep]

TIMEOUT_S = 3600
FILES = {
    "scenario.toml": """\
image = "{disk}"
[vm]
name = "web01"
custom-data = "cloud.yaml"
[static]
mode = "off"
[checks]
agents = ["cloud-init", "waagent"]
ports = ["tcp/22", "tcp/5355", "udp/5355"]
files = ["checks.toml", "goss.yaml"]
testinfra = ["test_guest.py"]
boot-time = "1 h"
memory = "900 MiB"
disk = "2 GB"
""",
    # A shell goes on after a command that it does not find; the last one counts.
    "cloud.yaml": """\
#cloud-config
write_files:
- {path: /etc/app.conf, content: "listen = 8080\\n", permissions: "0640"}
runcmd:
- no-such-command
- systemctl start no-such-unit; exit 3
""",
    "checks.toml": """\
[file."/etc/app.conf"]
mode = "0640"
owner = "root"
contains = ["listen = 8080", "!/^debug/"]
[file."/etc/localtime"]
filetype = "symlink"
[package.bash]
[package.less]
installed = false
[package.cloud-init]
version = { match-regexp = '^[0-9]+\\.' }
[service.sshd]
running = true
[service.walinuxagent]
enabled = true
running = true
[service.no-such-unit]
running = false
[port."tcp/22"]
[port."tcp/80"]
listening = false
[command."id -u"]
stdout = "0"
[command."systemctl is-system-running"]
exit-status = 1
stdout = "degraded"
[user.azureuser]
shell = { have-suffix = "sh" }
[process.sshd]
[process.systemd]
[mount."/"]
usage = { lt = 95 }
[kernel-param."kernel.ostype"]
value = "Linux"
[interface.eth0]
addrs = { contain-element = { have-suffix = "/24" } }
[dns.localhost]
[addr."tcp://168.63.129.16:80"]
[http."http://169.254.169.254/metadata/instance?api-version=2021-08-01"]
status = 200
request-headers = ["Metadata: true"]
body = ["azureuser"]
""",
    "goss.yaml": """\
package:
  htop:
    installed: false
service:
  chronyd:
    running: true
command:
  uname -s:
    exit-status: 0
    stdout: [Linux]
    timeout: 10000
dns:
  example.org:
    resolvable: true
    server: 192.0.2.1
""",
    "test_guest.py": """\
def test_user(host):
    assert host.user("azureuser").exists
    assert not host.exists("less")

def test_root(host):
    with host.sudo():
        assert host.file("/etc/app.conf").contains("listen")
    assert host.service("walinuxagent").is_running
    assert host.package("bash").is_installed

def test_wrong(host):
    assert host.file("/etc/nothing").exists
""",
}


@pytest.fixture
def disk(request: pytest.FixtureRequest) -> Path:
    """The demo's disk, or the qcow2 that BOATYARD_TEST_DISK names."""
    if there := os.environ.get("BOATYARD_TEST_DISK"):
        return Path(there).absolute()
    demo_result: DemoResult = request.getfixturevalue("demo_result")
    (path,) = {image.path for image in demo_result.images if image.format == "qcow2"}
    return Path(path).absolute()


def test_a_machine_is_asked_in_every_way(tmp_path: Path, disk: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text.replace("{disk}", str(disk)), encoding="utf-8")
    words = ("trial", "run", str(tmp_path / "scenario.toml"), "--report", str(tmp_path / "report"), "--no-snapshot")
    argv = [sys.executable, "-m", "boatyard", *words, "--work", str(tmp_path / "work")]
    env = os.environ | {"BOATYARD_CACHE": str(tmp_path / "cache")}
    ended = subprocess.run(argv, capture_output=True, text=True, timeout=TIMEOUT_S, check=False, env=env)
    assert ended.returncode == 60, ended.stderr
    report = json.loads((tmp_path / "report/report.json").read_text(encoding="utf-8"))
    checks = {check["name"]: check for check in report["checks"] if check["phase"] == "check"}
    found = {name: (check["outcome"], check["found"], check["detail"]) for name, check in checks.items()}
    others = {name for name, check in checks.items() if check["outcome"] != "passed"}
    assert others == {
        "cloud-init",  # its scripts_user module failed, as the script did
        "script",
        "units",  # cloud-final ends as its scripts do
        "egress",
        "dns example.org",
        "test_guest::test_wrong",
    }, found
    assert checks["script"]["found"] == "runcmd: exit code 3"
    assert "no-such-command: command not found" in checks["script"]["detail"].splitlines()[0]
    assert checks["script"]["hint"] == "not found meanwhile: no-such-command"
    assert "cloud-final.service" in checks["units"]["found"]
    assert checks["agent"]["found"].endswith(": Ready")
    assert checks["login"]["found"] == "azureuser, root by sudo"
    assert checks["dns example.org"]["outcome"] == "unknown"
    assert checks["test_guest::test_wrong"]["place"] == f"{tmp_path}/test_guest.py:11"
    assert not list(tmp_path.glob("**/__pycache__"))
