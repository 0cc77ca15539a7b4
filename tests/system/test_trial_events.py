"""A VM started for nobody gets its owner; a network that goes away during the deployment; a restart after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.system.test_trial_examples import tried, work

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["work"]

pytestmark = [pytest.mark.vm, pytest.mark.network, pytest.mark.tool, pytest.mark.sweep]

SCENARIO = """
image = "skiff-disk"
name = "pooled"

[vm]
name = "owner01"
custom-data = "cloud.yaml"

[faults]
reprovision = true

[[deploy]]
script = "deploy.sh"

[[events]]
kind = "link-flap"
down = "2 s"

[[events]]
kind = "reboot"
after = "90 s"

[checks]
files = ["checks.toml"]
agents = ["cloud-init", "waagent"]
"""
CHECKS = """
[file."/etc/marked"]
contains = ["by-the-owner"]

[file."/var/lib/deployed"]

[command.hostname]
stdout = ["owner01"]
"""


def test_a_pooled_vm_is_deployed_to_and_restarts(work: Path, tmp_path: Path) -> None:
    (tmp_path / "cloud.yaml").write_text(
        "#cloud-config\nwrite_files:\n- {path: /etc/marked, content: by-the-owner}\n", "utf-8"
    )
    (tmp_path / "deploy.sh").write_text("#!/bin/sh\ntouch /var/lib/deployed\n", "utf-8")
    (tmp_path / "checks.toml").write_text(CHECKS, "utf-8")
    (tmp_path / "scenario.toml").write_text(SCENARIO, "utf-8")
    pooled = tried(tmp_path / "scenario.toml", work, tmp_path / "report")
    assert (pooled.code, pooled.report.passed) == (0, True), pooled.text
    deployed = pooled.outcomes("deploy")
    assert deployed == {"deploy.sh": "passed", "link-flap after 0 s": "passed", "reboot after 90 s": "passed"}
    assert {"ready", "agent", "cloud-init", "units", "login"} <= pooled.outcomes("check").keys()
    owner_s = next(one.at_s for one in pooled.report.moments if "reprovisiondata" in one.what)
    assert pooled.report.ready_s > owner_s, "the pool was ready before"
    starts = [one for one in pooled.report.moments if (one.lane, one.what) == ("machine", "kernel")]
    assert len(starts) == 2
