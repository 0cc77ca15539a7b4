"""What a trial shows at its end."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.report.trial_sample import SAMPLES, failed_after_reboot, failed_at_provisioning, huge, passed

from boatyard.report.trial_text import to_text, verdict

PASSED = """\
web server: skiff-disk (qcow2) as web01 (gen2, tcg, snapshot saved)

✓ static check      0.2 s
✓ boot             19.7 s
✓ provisioning     27.3 s
✓ deployment       11.3 s
✓ checks            2.1 s

static check: 1 of 1 passed
    ✓ deploy.sh: 12 needs, all present

provisioning: 1 of 1 passed
    ✓ ready: by cloud-init after 23.6 s, by WALinuxAgent after 32.3 s

deployment: 1 of 1 passed
    ✓ script: exit status 0

checks: 5 of 6 passed
    ✓ cloud-init status: done
    ✓ units: none failed
    ✓ ports: tcp/22, tcp/80
    ✓ login: azureuser, sudo without password
    ✓ page is served: 200, 612 bytes
    – egress: not looked at

contacted    1 place, 0 of them stopped
    ✓ tcp 192.0.2.10:443 (packages.example.org)
cloud        4 differences from Azure, listed in the report
time         61 s, Ready 24 s after power-on
verdict      passed
"""
AFTER_REBOOT = """\
✓ boot             19.7 s  from a snapshot
✓ provisioning     27.3 s  from a snapshot
✓ deployment        3.3 s
✗ checks           31.8 s  2 of 7 checks fail after a reboot
"""
FAILED = """\
    ✗ units after reboot: 1 failed: app-data.mount
        ● app-data.mount - /app/data
             Loaded: loaded (/etc/fstab; generated)
             Active: failed (Result: exit-code)
        mount: /app/data: special device /dev/sdb1 does not exist.
        hint: device names change at a restart: name the disk in /etc/fstab by UUID= or /dev/disk/azure/scsi1/lun0
    ✓ ports after reboot: tcp/22, tcp/80
    ✗ page is served after reboot: connection refused
        at checks.toml:4

contacted    3 places, 2 of them stopped
    ✗ tcp 198.51.100.7:443 (telemetry.example.com)
    ✗ udp 203.0.113.9:123
    ✓ tcp 192.0.2.10:443 (packages.example.org)
not found    less, jq, mytool
             not foreseen by the static check: jq, mytool
cloud        4 differences from Azure, listed in the report
time         61 s, Ready 24 s after power-on
verdict      FAILED at checks: 2 of 7 checks fail after a reboot
"""


def test_passed() -> None:
    assert to_text(passed()) == PASSED


def test_failed_after_reboot() -> None:
    text = to_text(failed_after_reboot())
    assert AFTER_REBOOT in text
    assert text.endswith(FAILED)


def test_before_a_login_the_console_is_shown() -> None:
    text = to_text(failed_at_provisioning())
    assert "– deployment\n– checks\n" in text
    assert "console      its last lines:\n        [    8.000000] cloud-init[412]: waiting" in text
    assert text.splitlines()[-1].startswith(
        "verdict      FAILED at provisioning: cloud-init reports ProvisioningFailed"
    )
    assert "console" not in to_text(failed_after_reboot())


def test_of_a_long_detail_both_ends_are_shown() -> None:
    failed = replace(failed_after_reboot().checks[-1], detail="\n".join(f"line {number}" for number in range(100)))
    text = to_text(replace(passed(), checks=(failed,)))
    assert "        line 4\n        … 81 lines\n        line 86\n" in text
    assert "        line 99\n" in text


def test_much_is_cut() -> None:
    text = to_text(huge())
    assert "checks: 6007 of 6010 passed\n" in text
    assert "    ✓ 5977 more that passed\n" in text
    assert "    … 5990 more\n" in text
    assert len(text) < 40_000


@pytest.mark.parametrize("name", SAMPLES)
def test_a_terminal_has_nothing_to_obey(name: str) -> None:
    text = to_text(SAMPLES[name]())
    assert all(line.isprintable() for line in text.replace("\t", "").split("\n"))
    assert text.splitlines()[-1].startswith("verdict ")


def test_a_failure_without_a_phase() -> None:
    report = replace(passed(), passed=False, reason="the report could not be made whole")
    assert verdict(report) == "FAILED: the report could not be made whole"
