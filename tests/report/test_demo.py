"""What a demo shows at its end."""

from pathlib import Path

from boatyard.artifact.demo_result import (
    BudgetRow,
    ChannelRow,
    CheckRow,
    DemoResult,
    ImageRow,
    MachineRow,
    StageRow,
    TrialRow,
)
from boatyard.report.demo import format_demo

RESULT = DemoResult(
    ok=False,
    distribution="Skiff Linux",
    version="1.0",
    arch="x86_64",
    components=176,
    built=3,
    packages=271,
    installed_packages=260,
    installed_size=321_000_000,
    channels=(ChannelRow(name="base", path="/out/base", packages=270, size=114_000_000),),
    images=(ImageRow(name="live", format="iso", path="/out/live.iso", size=138_000_000, sha256="0"),),
    machines=(
        MachineRow(
            image="live.iso",
            firmware="uefi",
            medium="cdrom",
            accelerator="tcg",
            boot_s=31.4,
            memory=171 << 20,
            checks=(
                CheckRow(name="kernel", ok=True, found="6.12.1"),
                CheckRow(name="rpm -Va", ok=False, found="1 changed", detail="S.5 /etc/shadow"),
            ),
        ),
        MachineRow(
            image="installed from live.iso",
            firmware="uefi",
            medium="installation",
            accelerator="tcg",
            boot_s=97.6,
            installed_s=71.2,
            memory=150 << 20,
            checks=(CheckRow(name="installation", ok=True, found="OK after 71 s"),),
        ),
    ),
    budgets=(
        BudgetRow(name="iso file", unit="B", limit=250e6, measured=138e6, reference="1 GB"),
        BudgetRow(name="memory at idle", unit="MiB", limit=160 << 20, measured=171 << 20, causes=("9 MB  dnf",)),
        BudgetRow(name="boot to login", unit="s", limit=60, measured=31.4),
    ),
    stages=(StageRow(name="lock", seconds=2.4), StageRow(name="machines", seconds=200)),
    seconds=312,
    trial=TrialRow(
        scenario="hello",
        image="disk.qcow2",
        generation="gen2",
        accelerator="tcg",
        passed=False,
        reason="disk: 2 GB of 2 GB on /",
        ready_s=61.2,
        seconds=131,
        phases=(
            CheckRow(name="boot", ok=True, found="31 s"),
            CheckRow(name="checks", ok=False, found="disk: 2 GB of 2 GB on /", detail="disk: 2 GB of 2 GB on /"),
        ),
        report="/out/trial/hello/report.html",
    ),
)
TEXT = """\
Skiff Linux 1.0 for x86_64

components   176, of which 3 built now, the rest from the store
repository   base: 270 packages, 114 MB  base
image        live.iso: 138 MB  live.iso
installed    260 packages, 321 MB

✗ live.iso as cdrom under UEFI (tcg): 1 of 2 checks
    ✓ kernel: 6.12.1
    ✗ rpm -Va: 1 changed
        S.5 /etc/shadow
✓ installed from live.iso under UEFI (tcg): 1 of 1 checks, login 98 s after power-on
    ✓ installation: OK after 71 s
✗ trial of hello on disk.qcow2 as a VM of the local cloud (gen2, tcg): FAILED: disk: 2 GB of 2 GB on /
    ✓ boot: 31 s
    ✗ checks: disk: 2 GB of 2 GB on /
        disk: 2 GB of 2 GB on /
    report: trial/hello/report.html

budget                                measured       limit   Azure Linux 4
✓ iso file                              138 MB      250 MB            1 GB
✗ memory at idle                       171 MiB     160 MiB               -
      9 MB  dnf
✓ boot to login                           31 s        60 s               -

time         312 s (lock 2 s, machines 200 s)
verdict      FAILED
"""


def test_text() -> None:
    assert format_demo(RESULT, Path("/out")) == TEXT


def test_a_machine_or_budget_decides() -> None:
    assert [budget.ok for budget in RESULT.budgets] == [True, False, True]
    assert not RESULT.machines[0].ok


def test_paths_elsewhere_are_shown_whole() -> None:
    assert "  /out/live.iso\n" in format_demo(RESULT, Path("/elsewhere"))
