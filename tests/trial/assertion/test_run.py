"""Checks in files, looked at in this machine and in what guests answer."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import socket
from typing import TYPE_CHECKING

import pytest
from tests.trial.local_shell import AVAILABLE, LocalShell
from tests.web_server import serving

from boatyard.trial.assertion.load import load_assertions
from boatyard.trial.assertion.run import judge, run_assertions
from boatyard.trial.section import Answer, Answers

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.artifact.trial_report import TrialCheck
    from boatyard.ports.run import HostRunner

HOSTILE = "a 'quoted' $(touch broken) `touch broken` \"\\ \n%s -- "


def looked(tmp_path: Path, run: HostRunner, text: str, shell: str = "sh") -> list[TrialCheck]:
    path = tmp_path / "checks.toml"
    path.write_text(text, encoding="utf-8")
    local = LocalShell(run, shell)
    # The script has its own limits; this is the limit of the test.
    checks = run_assertions(lambda script, timeout_s=0: local(script, 120), load_assertions(path))
    assert local.count == 1
    return checks


def outcomes(checks: list[TrialCheck]) -> dict[str, str]:
    return {check.name: check.outcome for check in checks}


def failures(checks: list[TrialCheck]) -> list[str]:
    return [f"{check.name}: {check.found}: {check.detail}" for check in checks if check.outcome != "passed"]


@pytest.mark.tool
@pytest.mark.parametrize("shell", AVAILABLE)
def test_files(tmp_path: Path, run: HostRunner, shell: str) -> None:
    there = tmp_path / HOSTILE
    there.write_text("one\ntwo\n", encoding="utf-8")
    there.chmod(0o4711)
    (tmp_path / "link").symlink_to("gone")
    os.mkfifo(tmp_path / "pipe")
    name = str(there).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    owner, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(there.stat().st_gid).gr_name
    text = f"""\
[file."{name}"]
exists = true
mode = "4711"
owner = "{owner}"
group = "{group}"
uid = {os.getuid()}
size = 8
filetype = "file"
contents = ["one", "/^two$/", "!three"]
md5 = "2094b601daac3d68f5aed51d3c20f7cd"
sha256 = "c3f9c8c283a2b1f2f1896f27a01cbe3cddc0c9d93f752e4639035a0f5b36f6e8"
[file."{tmp_path}/link"]
linked-to = "gone"
filetype = "symlink"
[file."{tmp_path}/pipe"]
filetype = "pipe"
contents = []
[file."{tmp_path}"]
filetype = "directory"
[file."{tmp_path}/none"]
exists = false
"""
    checks = looked(tmp_path, run, text, shell)
    assert failures(checks) == []
    assert not (tmp_path / "broken").exists()
    assert len(checks) == 16


@pytest.mark.tool
@pytest.mark.parametrize("shell", AVAILABLE)
def test_commands(tmp_path: Path, run: HostRunner, shell: str) -> None:
    text = """\
[command."echo out; echo err >&2; exit 3"]
exit-status = 3
stdout = "out"
stderr = ["err"]
[command."cat; printf '%s' \\"it's\\""]
stdout = "it's"
[command."yes | head -n 100000"]
exit-status = 0
[command."sleep 20 & echo started"]
timeout = "1 s"
exit-status = 0
stdout = ["started"]
[command.late]
exec = "sleep 20"
timeout = "1 s"
[command."echo a secret word; exit 4"]
"""
    checks = looked(tmp_path, run, text, shell)
    *good, late, wrong = checks
    assert failures(good) == []
    assert (late.outcome, late.detail.splitlines()[-1]) == ("failed", "its time limit was 1 s")
    assert (wrong.outcome, wrong.found, wrong.place) == ("failed", "4", f"{tmp_path}/checks.toml:16")


@pytest.mark.tool
def test_long_output_is_cut_and_uncertain(tmp_path: Path, run: HostRunner) -> None:
    text = '[command."yes | head -c 300000; echo last"]\nstdout = ["y", "last", "!last"]\n'
    (check,) = looked(tmp_path, run, text)
    assert (check.outcome, check.found) == ("unknown", "it is longer than what was read of it")


@pytest.mark.tool
@pytest.mark.parametrize("shell", AVAILABLE)
def test_tables_of_this_machine(tmp_path: Path, run: HostRunner, shell: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        text = f"""\
[user.root]
uid = 0
home = "/root"
groups = ["root"]
[group.root]
gid = 0
[user.nobody-at-all]
exists = false
[port."tcp:{port}"]
ip = ["127.0.0.1"]
[port."tcp6/{port}"]
listening = false
[addr."tcp://127.0.0.1:{port}"]
[mount."/proc"]
filesystem = "proc"
opts = ["rw"]
[mount."/"]
usage = {{ le = 100 }}
[mount."/proc/nothing"]
exists = false
[kernel-param."kernel.ostype"]
value = "Linux"
[interface.lo]
mtu = {{ gt = 1000 }}
[interface.none0]
exists = false
[dns.localhost]
addrs = {{ contain-element = {{ match-regexp = '^(127\\.|::1)' }} }}
[process.none-such]
running = false
[matching.two]
content = [1, 2]
matches = {{ consist-of = [2, 1] }}
"""
        assert failures(looked(tmp_path, run, text, shell)) == []


@pytest.mark.tool
@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl")
def test_web_servers(tmp_path: Path, run: HostRunner) -> None:
    with serving() as web:
        web.files["/page"] = b"hello\nworld\n"
        web.behaviours["/moved"] = lambda handler: handler.answer(302, Location="/page")
        text = f"""\
[http."{web.url}/page"]
status = 200
body = ["hello", "!bye"]
headers = ["/^Content-Length: 12/"]
[http."{web.url}/moved"]
status = 200
request-headers = ["X-Marked: 'yes'"]
[http.there]
url = "{web.url}/moved"
no-follow-redirects = true
status = 302
[http."{web.url}/none"]
status = 404
[http."http://127.0.0.1:1/"]
status = 200
"""
        *good, closed = looked(tmp_path, run, text)
        assert "'yes'" in [headers.get("X-Marked") for headers in web.headers]
    assert failures(good) == []
    assert closed.outcome == "failed"
    assert closed.found.startswith("curl: (7)")


SERVICES = """\
Id=ssh.service
LoadState=loaded
ActiveState=active
UnitFileState=enabled

Id=nginx.service
LoadState=not-found
ActiveState=inactive
UnitFileState=
"""
RPM = """\
rpm
glibc 0:2.41-12 2.41 x86_64
less 668-1 668 x86_64
package htop is not installed
kernel-core 6.12.1-1 6.12.1 x86_64
kernel-core 6.12.2-1 6.12.2 x86_64
end
"""
DPKG = """\
dpkg
less installed 590-2.1~deb12u2 amd64
vim config-files 2:9.0.1378-2 amd64
bash installed 1:5.2-3 amd64
dpkg-query: no packages found matching htop
end
"""


def told(tmp_path: Path, text: str, **answers: str) -> list[TrialCheck]:
    path = tmp_path / "checks.toml"
    path.write_text(text, encoding="utf-8")
    sections = {name.replace("_", "-"): Answer(answer) for name, answer in answers.items()}
    answered = Answers("ada", True, sections)
    return [check for one in load_assertions(path).items for check in judge(one, answered)]


def test_services(tmp_path: Path) -> None:
    text = "[service.sshd]\nenabled = true\nrunning = true\n[service.'nginx.service']\n"
    checks = told(tmp_path, text, services=SERVICES, service_names="sshd.service nginx.service\n")
    assert outcomes(checks) == {
        "service sshd: enabled": "passed",
        "service sshd: running": "passed",
        "service nginx.service: running": "failed",
    }
    (check,) = told(tmp_path, "[service.sshd]\n", services="System has not been booted\nwith systemd\n")
    assert (check.outcome, check.found) == ("unknown", "cannot be looked at: System has not been booted with systemd")


def test_packages_of_rpm(tmp_path: Path) -> None:
    text = """\
[package.less]
version = "668"
versions = ["668-1"]
[package.htop]
installed = false
version = "3"
[package."glibc.x86_64"]
[package.kernel-core]
versions = { have-len = 2 }
[package.kernel]
"""
    checks = told(tmp_path, text, packages=RPM)
    assert outcomes(checks) == {
        "package less: version": "passed",
        "package less: versions": "passed",
        "package htop: installed": "passed",
        "package htop: version": "skipped",
        "package glibc.x86_64: installed": "passed",
        "package kernel-core: versions": "passed",
        "package kernel: installed": "failed",
    }


def test_packages_of_dpkg(tmp_path: Path) -> None:
    text = '[package.less]\nversion = "590"\n[package.vim]\ninstalled = false\n[package.bash]\nversion = "5.2"\n'
    assert set(outcomes(told(tmp_path, text, packages=DPKG)).values()) == {"passed"}
    (check,) = told(tmp_path, "[package.less]\n", packages="none\nend\n")
    assert (check.outcome, check.found) == ("unknown", "cannot be looked at: the guest has neither rpm nor dpkg")


def test_what_is_not_there_fails_what_is_said_of_it(tmp_path: Path) -> None:
    users = "ada:x:1000:1000::/home/ada:/bin/bash\n"
    checks = told(tmp_path, "[user.bob]\nuid = 5\n[user.eve]\nexists = true\nuid = 6\n", passwd=users)
    assert [(check.outcome, check.found) for check in checks] == [
        ("failed", "does not exist"),
        ("failed", "false"),
        ("skipped", "does not exist"),
    ]


def test_what_is_not_looked_at_says_so(tmp_path: Path) -> None:
    text = '[dns.example]\nserver = "192.0.2.1"\n[user.ada]\nskip = true\n'
    text += '[matching.x]\ncontent = "1"\nmatches = { gjson = { a = 1 } }\n'
    assert [(check.outcome, check.found) for check in told(tmp_path, text)] == [
        ("unknown", "not looked at: dns.server"),
        ("skipped", "the file says so"),
        ("unknown", "not looked at: the matcher gjson"),
    ]


@pytest.mark.parametrize("answer", ["", "\0\n", "stat\nlink\nabsent", "rpm", "a:b:c:d:e:f:g", " - ", "none\n"])
def test_nonsense_from_a_guest_is_no_error(tmp_path: Path, answer: str) -> None:
    text = """\
[file."/x"]
mode = "0644"
[package.less]
[service.x]
[user.a]
uid = 1
[group.a]
gid = 1
[port.22]
[mount."/x"]
source = "x"
[kernel-param.a]
value = "x"
[interface.a]
mtu = 1
[dns.a]
[addr."a:1"]
[http."http://a/"]
status = 200
[command.a]
"""
    path = tmp_path / "checks.toml"
    path.write_text(text, encoding="utf-8")

    class Same(dict[str, Answer]):
        def get(self, _: object, __: object = None) -> Answer:  # type: ignore[override]
            return Answer(answer)

    for one in load_assertions(path).items:
        assert {check.outcome for check in judge(one, Answers("ada", True, Same()))} <= {"failed", "unknown", "passed"}


@pytest.mark.tool
@pytest.mark.parametrize("shell", AVAILABLE)
def test_hostile_names_stay_names(tmp_path: Path, run: HostRunner, shell: str) -> None:
    evil = "$(touch broken)'`touch broken`"
    text = f"""\
[file."/{evil}"]
contains = ["x"]
sha256 = "x"
exists = false
[mount."/{evil}"]
usage = 5
exists = false
[user."{evil}"]
exists = false
[process."{evil}"]
running = false
[interface."';>broken"]
addrs = ["x"]
exists = false
[service.'-b\\x5c']
[package."a--b"]
[http."http://127.0.0.1:1/'$(touch$IFS@broken)"]
status = 200
request-headers = ["{evil}"]
request-body = "@/etc/passwd{evil}"
method = "{evil}"
"""
    path = tmp_path / "checks.toml"
    path.write_text(text, encoding="utf-8")
    local = LocalShell(run, shell)
    checks = run_assertions(
        lambda script, timeout_s=0: local(f"cd {tmp_path}\n{script}", 120),
        load_assertions(path),
    )
    assert [entry.name for entry in tmp_path.iterdir()] == ["checks.toml"]
    wrong = {check.name: check.found for check in checks if check.outcome == "failed"}
    assert {name.partition(" ")[0] for name in wrong} - {"service", "package"} == {"http"}
