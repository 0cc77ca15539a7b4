"""Checks in Python: runs the user's pytest-testinfra files against the guest, over the connection that is open.

They run on this machine, with the user's rights, as any pytest run does; what they ask of the guest goes over SSH.
"""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from boatyard.artifact.trial_report import TrialCheck
from boatyard.base.error import ToolError
from boatyard.ports.files import write_atomic
from boatyard.ports.follow import follow
from boatyard.ports.run import Command

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boatyard.artifact.trial_report import Outcome
    from boatyard.ports.run import HostRunner
    from boatyard.vm.ssh import Ssh

HOST = "vm"
LARGEST_REPORT = 16 << 20
LONGEST_DETAIL = 4000
# What pytest's exit codes mean beside tests that passed and failed (0, 1).
ENDINGS = {
    2: "interrupted, or files that cannot be collected",
    3: "an error inside of pytest",
    4: "pytest was called wrong",
    5: "no tests in the files",
}
_PARAMETER = re.compile(r"\[ssh://[^\]]*\]$")


def require_testinfra() -> None:
    """ToolError unless pytest and testinfra are there."""
    for module in ("pytest", "testinfra"):
        if importlib.util.find_spec(module) is None:
            raise ToolError(
                f"{module} is not installed, which checks.testinfra needs",
                hint="install Boatyard with its extra: pip install 'boatyard[testinfra]'",
            )


def run_testinfra(files: Sequence[Path], ssh: Ssh, folder: Path, run: HostRunner, timeout_s: float) -> list[TrialCheck]:
    """A check for each test of the files; `folder` gets pytest's output, `testinfra.log`.

    Files that cannot be collected, and a run that does not end in time, are failed checks. ToolError when pytest or
    testinfra is missing.
    """
    require_testinfra()
    report, config = ssh.folder / "testinfra.xml", ssh.folder / "testinfra.ssh"
    report.unlink(missing_ok=True)
    write_atomic(config, ssh.config(HOST).encode())
    log = folder / "testinfra.log"
    folder.mkdir(parents=True, exist_ok=True)
    log.touch(mode=0o600)  # tests may print what is nobody else's business
    with run.start(plan(files, config, report, log)) as process:
        ended = follow(process, log, timeout_s)
    told = ended.tail[-LONGEST_DETAIL:].rstrip()
    if ended.timed_out:  # pytest writes its report when it ends
        found, hint = f"the tests did not end within {timeout_s:.0f} s", "limits.check in the scenario gives them more"
        return [TrialCheck(phase="check", name="testinfra", outcome="failed", found=found, detail=told, hint=hint)]
    return list(parse(_read(report), ended.code, told, root_of(files)))


def plan(files: Sequence[Path], config: Path, report: Path, log: Path) -> Command:
    """The pytest run: no plugin but testinfra's, no settings but those of a pytest.ini beside the files, no litter."""
    root = root_of(files)
    settings = root / "pytest.ini"
    # testinfra would keep a connection of its own, and its timeout is that of connecting.
    host = f"ssh://{HOST}?controlpersist=0&timeout=60"
    plugins = ("-p", "testinfra.plugin", "-p", "no:cacheprovider")
    options = (
        f"--hosts={host}",
        f"--ssh-config={config.absolute()}",
        f"--junitxml={report.absolute()}",
        f"--rootdir={root}",
        f"--confcutdir={root}",
        f"--config-file={settings if settings.is_file() else os.devnull}",
        "--override-ini=junit_family=xunit1",  # which tells files and lines
        "--color=no",
        "--tb=short",
        "--verbose",  # which names a test before it runs: one that hangs is the last
    )
    return Command(
        argv=(sys.executable, "-m", "pytest", *plugins, *options, "--", *(str(file.absolute()) for file in files)),
        cwd=root,
        env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"},
        log=log,
    )


def root_of(files: Sequence[Path]) -> Path:
    """The folder that all files are in."""
    return Path(os.path.commonpath([file.absolute().parent for file in files]))


def parse(data: bytes, code: int | None, output: str, root: Path) -> Iterator[TrialCheck]:
    """The checks of a JUnit report, and one for a run that did not come to its end, with the end of its output."""
    cases: list[ElementTree.Element] = []
    if data and b"<!DOCTYPE" not in data and b"<!ENTITY" not in data:  # pytest writes neither; entities can multiply
        try:
            cases = list(ElementTree.fromstring(data).iter("testcase"))  # noqa: S314
        except ElementTree.ParseError:
            cases = []
    checks = [_check(case, root) for case in cases]
    yield from checks
    if code not in (0, 1) and not any(check.outcome == "failed" for check in checks):
        found = ENDINGS.get(code or 0, f"pytest ended with {code}")
        yield TrialCheck(phase="check", name="testinfra", outcome="failed", found=found, detail=output)
    elif not checks:
        yield TrialCheck(
            phase="check", name="testinfra", outcome="failed", found="pytest left no report", detail=output
        )


def _check(case: ElementTree.Element, root: Path) -> TrialCheck:
    outcome: Outcome = "passed"
    found = detail = ""
    for kind, means in (("skipped", "skipped"), ("failure", "failed"), ("error", "failed")):
        child = case.find(kind)
        if child is not None:
            outcome = "skipped" if means == "skipped" else "failed"
            message = child.get("message") or child.text or kind
            found = message.strip().partition("\n")[0][:200]
            detail = (child.text or "").strip()[-LONGEST_DETAIL:] if outcome == "failed" else ""
    name = _PARAMETER.sub("", case.get("name") or "")
    group = case.get("classname") or ""
    file, line = case.get("file"), case.get("line", "")
    place = "" if not file else f"{root / file}:{int(line) + 1}" if line.isdigit() else str(root / file)
    return TrialCheck(
        phase="check",
        name="::".join(filter(None, (group, name))) or "testinfra",
        outcome=outcome,
        found=found or outcome,
        detail=detail,
        seconds=_seconds(case.get("time", "")),
        place=place,
    )


def _read(report: Path) -> bytes:
    try:
        with report.open("rb") as stream:
            data = stream.read(LARGEST_REPORT + 1)
    except FileNotFoundError:
        return b""
    return data if len(data) <= LARGEST_REPORT else b""


def _seconds(text: str) -> float:
    try:
        return round(float(text), 3)
    except ValueError:
        return 0.0
