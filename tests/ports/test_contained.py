"""Nothing gets out of a contained sandbox: each probe succeeds outside, and none may inside."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boatyard.ports.run import Command, HostRunner

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = [
    pytest.mark.tool,
    pytest.mark.skipif(os.geteuid() != 0, reason="what root may do is shown only as root"),
]
STAGE = Path(__file__).with_name("probe_stage.py")
# These show nothing where the kernel or the machine lacks the thing itself, or gives not even root the right to it.
MAY_LACK = {
    "accounting", "another_kernel", "calls_of_another_architecture", "disk_by_own_node", "disk_of_the_host", "io_uring",
    "kernel_crypto_socket", "kernel_key", "kernel_log_device", "kernel_log_file", "kernel_memory", "kernel_module",
    "loop_device", "memory_by_own_node", "modprobe_path", "more_files_than_allowed", "mount_of_the_disk",
    "namespace_of_another_process", "never_out_of_memory", "new_kernel_key", "port_of_the_machine", "release_agent",
    "root_of_the_first_process", "settings_of_the_kernel", "swap", "sysrq", "tun_device", "vsock_to_the_hypervisor",
    "fault_handler", "watch_of_all_files", "measurement_of_the_kernel", "message_queue_posix",
}  # fmt: skip


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Mapping[str, str]]:
    runner = HostRunner()
    place = tmp_path_factory.mktemp("probes")
    for folder in (place, *place.parents[:2]):
        folder.chmod(0o755)  # or the probes' own files could not be read
    argv = (sys.executable, str(STAGE), str(place))
    try:
        found = runner(Command(argv=argv, timeout_s=300, env={"PYTHONPATH": os.pathsep.join(sys.path)}))
    finally:
        runner.close()
    return json.loads(found.stdout.splitlines()[-1])


def test_probes_succeed_outside_or_they_would_prove_nothing(outcomes: Mapping[str, Mapping[str, str]]) -> None:
    outside = outcomes["outside"]
    shown = {name for name, outcome in outside.items() if outcome == "got it"}
    assert {name: outside[name] for name in outside if name not in shown | MAY_LACK} == {}
    assert len(shown) >= 40


@pytest.mark.parametrize("user", ["root", "builder"])
def test_no_probe_succeeds_inside(outcomes: Mapping[str, Mapping[str, str]], user: str) -> None:
    inside = outcomes[user]
    assert inside.keys() == outcomes["outside"].keys()
    assert {name for name, outcome in inside.items() if outcome == "got it"} == set()
    # Each was refused by the kernel, or found nothing; none failed of itself.
    assert {
        name: outcome for name, outcome in inside.items() if not (outcome.startswith("E") or outcome == "nothing")
    } == {}


@pytest.mark.parametrize("user", ["root", "builder"])
def test_what_the_sandbox_leaves_belongs_to_nobody_of_the_host(outcomes: Mapping[str, object], user: str) -> None:
    assert outcomes[f"{user} left"] == []
