"""Checks inside a running guest, over a shell: each gives what it found, and the evidence when that is wrong.

They need a POSIX shell, systemd, dnf and rpm in the guest, no Python and nothing installed for the test.
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boatyard.artifact.demo_result import CheckRow
from boatyard.base.error import ImageError
from boatyard.ports import clock
from boatyard_boot.size import MIB, format_mib, format_size

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from boatyard.ports.run import Result
    from boatyard.vm.qmp import Qmp
    from boatyard.vm.ssh import Shell

BOOT_TIMEOUT_S = 600.0
PACKAGE_TIMEOUT_S = 900.0
BALLOON_TIMEOUT_S = 120.0
MAX_EVIDENCE_LINES = 20
# dnf 4 and dnf 5, in this order.
NO_SUCH_PACKAGE = ("Unable to find a match", "No match for argument")
_STATE = re.compile(r" \((?:replaced|not installed|net shared|wrong color|no state|Permission denied)\)$")
_VERIFY = re.compile(r"^(?P<flags>[SM5DLUGTPCE.?]{8,9}|missing)\s+(?:(?P<kind>[cdglr])\s+)?(?P<path>/.*)$")


@dataclass(frozen=True, slots=True)
class Deviation:
    """A file that differs from its package: `rpm -V`'s flags (or `missing`) and its kind (c, d, g, l, r or empty)."""

    flags: str
    kind: str
    path: str


def check_system_state(shell: Shell) -> CheckRow:
    """systemd has finished starting and no unit has failed."""
    state = shell("systemctl is-system-running --wait", BOOT_TIMEOUT_S).text.strip()
    failed = failed_units(shell)
    found = state if not failed else f"{state}, failed: {', '.join(failed)}"
    detail = ""
    if failed:
        units = shlex.join(failed)
        detail = _words(shell(f"systemctl --no-pager --full status {units}"))
    return CheckRow(name="system state", ok=state == "running" and not failed, found=found, detail=detail)


def failed_units(shell: Shell) -> list[str]:
    """The names of the units that systemd counts as failed."""
    text = shell("systemctl --failed --output=json --no-pager").text
    try:
        return [str(unit["unit"]) for unit in json.loads(text or "[]")]
    except (ValueError, TypeError, KeyError):
        raise ImageError("systemctl in the guest gives no JSON", detail=text[:500]) from None


def check_release(shell: Shell, expected: Mapping[str, str]) -> CheckRow:
    """/etc/os-release says what it should, such as `{"ID": "skiff", "VERSION_ID": "1"}`."""
    text = shell("cat /etc/os-release").text
    fields = dict(_os_release_field(line) for line in text.splitlines() if "=" in line)
    wrong = {key: fields.get(key, "") for key, value in expected.items() if fields.get(key) != value}
    detail = "\n".join(f"{key}: expected {expected[key]!r}, found {value!r}" for key, value in wrong.items())
    return CheckRow(name="release", ok=not wrong, found=fields.get("PRETTY_NAME", "(no name)"), detail=detail)


def check_kernel(shell: Shell, series: str) -> CheckRow:
    """The running kernel is of a series, such as `6.12`."""
    release = shell("uname -r").text.strip()
    ok = release == series or release.startswith((f"{series}.", f"{series}-"))
    return CheckRow(name="kernel", ok=ok, found=release, detail="" if ok else f"expected series {series}")


def check_version(shell: Shell, name: str, command: str) -> CheckRow:
    """A program runs; what is found is the first line of its version."""
    result = shell(command, PACKAGE_TIMEOUT_S)
    ok = result.code == 0 and bool(result.text.strip())
    return CheckRow(name=name, ok=ok, found=result.text.partition("\n")[0].strip() or "none", detail=_words(result))


def check_repositories(shell: Shell, expected: Collection[str]) -> CheckRow:
    """Exactly these repositories are enabled."""
    result = shell("LC_ALL=C dnf -q repolist --enabled", PACKAGE_TIMEOUT_S)
    found = repository_ids(result.text)
    ok = result.code == 0 and sorted(found) == sorted(expected)
    detail = "" if ok else f"expected {', '.join(sorted(expected))}\n{_words(result)}"
    return CheckRow(name="repositories", ok=ok, found=", ".join(found) or "none", detail=detail)


def repository_ids(text: str) -> list[str]:
    """The first column of `dnf repolist`, without its heading."""
    rows = [line.split()[0] for line in text.splitlines() if line.strip()]
    return [row for row in rows if row != "repo"]


def check_absent(shell: Shell, command: str) -> CheckRow:
    """A command is not there: the image is sparse."""
    where = shell(f"command -v {shlex.quote(command)}").text.strip()
    return CheckRow(name=f"{command} is not installed", ok=not where, found=where or "not installed")


def check_install(shell: Shell, package: str, command: str) -> CheckRow:
    """A package can be installed from the configured repositories, and its command works afterwards."""
    result = shell(f"dnf -y install {shlex.quote(package)}", PACKAGE_TIMEOUT_S)
    version = shell(f"{shlex.quote(command)} --version") if result.code == 0 else None
    ok = version is not None and version.code == 0
    if ok and version is not None:
        return CheckRow(name=f"dnf install {package}", ok=True, found=version.text.partition("\n")[0])
    found = "dnf failed" if version is None else f"{command} does not run"
    return CheckRow(name=f"dnf install {package}", ok=False, found=found, detail=_words(version or result))


def check_unknown_package(shell: Shell, package: str) -> CheckRow:
    """A package is in no repository, and dnf says so."""
    result = shell(f"LC_ALL=C dnf -y install {shlex.quote(package)}", PACKAGE_TIMEOUT_S)
    said = (result.stdout + result.stderr).decode("utf-8", "replace")
    ok = result.code != 0 and any(words in said for words in NO_SUCH_PACKAGE)
    name = f"{package} is in no repository"
    return CheckRow(name=name, ok=ok, found="not found" if ok else "found, or another failure", detail=_words(result))


def memory_in_use(shell: Shell) -> int:
    """Bytes that `free` counts as used."""
    text = shell("LC_ALL=C free -b").text
    match = re.search(r"^Mem:\s+\d+\s+(\d+)", text, re.MULTILINE)
    if match is None:
        raise ImageError("free in the guest gives no figures", detail=text[:500])
    return int(match[1])


def biggest_processes(shell: Shell) -> tuple[str, ...]:
    """The ten processes with the most memory of their own: `12.3 MB  name`."""
    rows = [line.split(None, 1) for line in shell("ps -eo rss=,comm= --sort=-rss").text.splitlines()]
    return tuple(f"{format_size(int(row[0]) * 1024):>9}  {row[1]}" for row in rows[:10] if len(row) == 2)


def slowest_units(shell: Shell) -> tuple[str, ...]:
    """The ten units that took longest to start, as systemd-analyze tells them."""
    return tuple(line.strip() for line in shell("systemd-analyze --no-pager blame").text.splitlines()[:10])


def check_balloon(shell: Shell, qmp: Qmp, target_mib: int = 400) -> CheckRow:
    """The balloon takes the guest's memory down to `target_mib` MiB and gives it back."""
    whole_mib, before = qmp.balloon_mib(), total_memory(shell)
    wanted = before - (whole_mib - target_mib) * MIB
    qmp.balloon(target_mib)
    shrunk = _wait_for_memory(shell, 0, wanted + 16 * MIB)
    qmp.balloon(whole_mib)
    grown = _wait_for_memory(shell, before - 16 * MIB, 1 << 62)
    ok = shrunk <= wanted + 16 * MIB and grown >= before - 16 * MIB
    found = f"{format_mib(before)} → {format_mib(shrunk)} → {format_mib(grown)} of guest memory"
    detail = "" if ok else f"asked for {target_mib} MiB, then for {whole_mib} MiB; is virtio_balloon loaded?"
    return CheckRow(name="memory balloon", ok=ok, found=found, detail=detail)


def total_memory(shell: Shell) -> int:
    """The guest's MemTotal, in bytes."""
    match = re.search(r"^MemTotal:\s+(\d+) kB", shell("cat /proc/meminfo").text, re.MULTILINE)
    if match is None:
        raise ImageError("the guest does not tell its memory")
    return int(match[1]) * 1024


def check_files(shell: Shell, expected: Collection[str] = ()) -> CheckRow:
    """`rpm -Va` finds no file changed, but those at the `expected` paths."""
    result = shell("LC_ALL=C rpm -Va", PACKAGE_TIMEOUT_S)
    deviations, others = parse_verify(result.text)
    wrong = [deviation for deviation in deviations if deviation.path not in expected]
    lines = [f"{deviation.flags} {deviation.kind or '-'} {deviation.path}" for deviation in wrong] + others
    if result.code not in (0, 1):  # 1: something has changed
        lines.append(_words(result))
    ok = not lines
    found = f"{len(deviations)} changed, {len(deviations) - len(wrong)} of them expected"
    return CheckRow(name="rpm -Va", ok=ok, found=found, detail="\n".join(lines[:MAX_EVIDENCE_LINES]))


def parse_verify(text: str) -> tuple[list[Deviation], list[str]]:
    """The deviations `rpm -Va` lists, and its other lines (unsatisfied dependencies, failing scripts)."""
    deviations: list[Deviation] = []
    others: list[str] = []
    for line in filter(str.strip, text.splitlines()):
        match = _VERIFY.match(line)
        if match is None:
            others.append(line.strip())
        else:
            path = _STATE.sub("", match["path"])
            deviations.append(Deviation(match["flags"], match["kind"] or "", path))
    return deviations, others


def _wait_for_memory(shell: Shell, low: int, high: int) -> int:
    """The guest's memory once it is between two bounds, or when time is up; the driver offers no event."""
    deadline = clock.monotonic() + BALLOON_TIMEOUT_S
    while True:
        total = total_memory(shell)
        if low <= total <= high or clock.monotonic() > deadline:
            return total
        clock.sleep(0.5)


def _os_release_field(line: str) -> tuple[str, str]:
    key, _, value = line.partition("=")
    return key.strip(), value.strip().strip("\"'")


def _words(result: Result) -> str:
    text = (result.stdout + result.stderr).decode("utf-8", "replace")
    return "\n".join(text.strip().splitlines()[-MAX_EVIDENCE_LINES:])
