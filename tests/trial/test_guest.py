"""Guest checks against what real guests answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boatyard.base.error import ImageError
from boatyard.ports.run import Command, Result
from boatyard.trial import guest

if TYPE_CHECKING:
    from boatyard.ports.run import HostRunner

RUNNING = {
    "systemctl is-system-running --wait": Result(0, b"running\n"),
    "systemctl --failed --output=json --no-pager": Result(0, b"[]\n"),
}
FAILED = (
    b'[{"unit":"chronyd.service","load":"loaded","active":"failed","sub":"failed","description":"NTP client"},'
    b'{"unit":"lvm2-monitor.service","load":"loaded","active":"failed","sub":"failed","description":"LVM"}]'
)
OS_RELEASE = b"""PRETTY_NAME="Skiff Linux 1"
NAME='Skiff Linux'
# a comment
VERSION_ID=1
ID=skiff
"""
REPOLIST = b"""repo id                                                        repo name
skiff-base                                                     Skiff Linux 1 - base
skiff-extras                                                   Skiff Linux 1 - extras
"""
VERIFY = """S.5....T.  c /etc/machine-id
.M....G..    /var/log/journal
missing     /usr/share/doc/less/README (Permission denied)
.......T.  g /var/lib/a file with spaces
SM5DLUGTP    /usr/bin/less
Unsatisfied dependencies for skiff-release-1-1.noarch:
"""
FREE = b"""               total        used        free      shared  buff/cache   available
Mem:       786432000   160432128   300000000     5000000   325999872   500000000
Swap:              0           0           0
"""


class Transcript:
    """A shell that answers what a guest answered to these scripts, and nothing else."""

    def __init__(self, answers: dict[str, Result]) -> None:
        self.answers = answers

    def __call__(self, script: str, timeout_s: float = 0) -> Result:
        return self.answers[script]


def test_a_system_that_runs() -> None:
    row = guest.check_system_state(Transcript(RUNNING))
    assert (row.ok, row.found, row.detail) == (True, "running", "")


def test_a_degraded_system_names_its_units_and_shows_why() -> None:
    answers = {
        "systemctl is-system-running --wait": Result(1, b"degraded\n"),
        "systemctl --failed --output=json --no-pager": Result(0, FAILED),
        "systemctl --no-pager --full status chronyd.service lvm2-monitor.service": Result(3, b"Could not open /x\n"),
    }
    row = guest.check_system_state(Transcript(answers))
    assert not row.ok
    assert row.found == "degraded, failed: chronyd.service, lvm2-monitor.service"
    assert "Could not open /x" in row.detail


@pytest.mark.parametrize("text", [b"No such option", b"{}x", b'["a"]'])
def test_systemctl_without_json_is_an_error(text: bytes) -> None:
    answers = RUNNING | {"systemctl --failed --output=json --no-pager": Result(1, text)}
    with pytest.raises(ImageError, match="no JSON"):
        guest.check_system_state(Transcript(answers))


def test_release() -> None:
    shell = Transcript({"cat /etc/os-release": Result(0, OS_RELEASE)})
    row = guest.check_release(shell, {"ID": "skiff", "NAME": "Skiff Linux"})
    assert (row.ok, row.found) == (True, "Skiff Linux 1")
    row = guest.check_release(shell, {"VERSION_ID": "2", "VARIANT": "x"})
    assert row.detail == "VERSION_ID: expected '2', found '1'\nVARIANT: expected 'x', found ''"
    assert not row.ok


@pytest.mark.parametrize(("series", "ok"), [("6.12", True), ("6.1", False), ("6.12.107", True), ("6", True)])
def test_kernel_series(series: str, ok: bool) -> None:
    shell = Transcript({"uname -r": Result(0, b"6.12.107+deb13-cloud-amd64\n".replace(b"+", b"-"))})
    assert guest.check_kernel(shell, series).ok == ok


@pytest.mark.parametrize(
    ("expected", "ok"), [(("skiff-extras", "skiff-base"), True), (("skiff-base",), False), (("skiff-base", "x"), False)]
)
def test_exactly_these_repositories(expected: tuple[str, ...], ok: bool) -> None:
    shell = Transcript({"LC_ALL=C dnf -q repolist --enabled": Result(0, REPOLIST)})
    row = guest.check_repositories(shell, expected)
    assert row.ok == ok
    assert row.found == "skiff-base, skiff-extras"


def test_no_repository_at_all() -> None:
    shell = Transcript({"LC_ALL=C dnf -q repolist --enabled": Result(1, b"", b"cannot read\n")})
    row = guest.check_repositories(shell, ())
    assert (row.ok, row.found) == (False, "none")


def test_a_sparse_image_lacks_commands() -> None:
    assert guest.check_absent(Transcript({"command -v less": Result(127, b"")}), "less").ok
    row = guest.check_absent(Transcript({"command -v less": Result(0, b"/usr/bin/less\n")}), "less")
    assert (row.ok, row.found) == (False, "/usr/bin/less")


def test_install() -> None:
    works = {"dnf -y install less": Result(0, b"Complete!\n"), "less --version": Result(0, b"less 643\nCopyright\n")}
    row = guest.check_install(Transcript(works), "less", "less")
    assert (row.ok, row.found) == (True, "less 643")
    row = guest.check_install(Transcript(works | {"less --version": Result(127, b"", b"not found")}), "less", "less")
    assert (row.ok, row.found, row.detail) == (False, "less does not run", "not found")
    row = guest.check_install(Transcript({"dnf -y install less": Result(1, b"Error: GPG\n")}), "less", "less")
    assert (row.ok, row.found, row.detail) == (False, "dnf failed", "Error: GPG")


@pytest.mark.parametrize(
    ("result", "ok"),
    [
        (Result(1, b"No match for argument: htop\n", b"Error: Unable to find a match: htop\n"), True),
        (Result(1, b"", b"No match for argument: htop\n"), True),
        (Result(1, b"", b"Error: Failed to download metadata\n"), False),
        (Result(0, b"Complete!\n"), False),
    ],
)
def test_a_package_in_no_repository(result: Result, ok: bool) -> None:
    shell = Transcript({"LC_ALL=C dnf -y install htop": result})
    assert guest.check_unknown_package(shell, "htop").ok == ok


def test_names_are_quoted() -> None:
    shell = Transcript({"command -v 'a; reboot'": Result(1, b"")})
    assert guest.check_absent(shell, "a; reboot").ok


@pytest.mark.tool
def test_this_host_answers_as_guests_do(run: HostRunner) -> None:
    def shell(script: str, timeout_s: float = 60) -> Result:
        return run(Command(argv=("sh", "-c", script), ok=tuple(range(256)), timeout_s=timeout_s))

    assert 0 < guest.memory_in_use(shell) < guest.total_memory(shell)
    assert not guest.check_absent(shell, "sh").ok
    listing = shell("dnf -q --setopt=reposdir=/nonexistent --repofrompath=one,file:///tmp repolist --enabled")
    assert guest.repository_ids(listing.text) == ["one"]


def test_memory() -> None:
    assert guest.memory_in_use(Transcript({"LC_ALL=C free -b": Result(0, FREE)})) == 160432128
    with pytest.raises(ImageError):
        guest.memory_in_use(Transcript({"LC_ALL=C free -b": Result(127, b"")}))


def test_verify_lines() -> None:
    deviations, others = guest.parse_verify(VERIFY)
    assert deviations == [
        guest.Deviation("S.5....T.", "c", "/etc/machine-id"),
        guest.Deviation(".M....G..", "", "/var/log/journal"),
        guest.Deviation("missing", "", "/usr/share/doc/less/README"),
        guest.Deviation(".......T.", "g", "/var/lib/a file with spaces"),
        guest.Deviation("SM5DLUGTP", "", "/usr/bin/less"),
    ]
    assert others == ["Unsatisfied dependencies for skiff-release-1-1.noarch:"]


@pytest.mark.parametrize(
    ("result", "expected", "ok"),
    [
        (Result(0, b""), (), True),
        (Result(1, b"S.5....T.  c /etc/machine-id\n"), ("/etc/machine-id",), True),
        (Result(1, b"S.5....T.  c /etc/machine-id\n"), (), False),
        (Result(1, b"Unsatisfied dependencies for a-1-1.noarch:\n"), (), False),
        (Result(127, b"", b"rpm: not found"), (), False),
    ],
)
def test_changed_files(result: Result, expected: tuple[str, ...], ok: bool) -> None:
    row = guest.check_files(Transcript({"LC_ALL=C rpm -Va": result}), expected)
    assert row.ok == ok
    assert bool(row.detail) != ok
