"""What cloud-init 25.1 leaves behind."""

from __future__ import annotations

import json

from boatyard.trial.cloud_init import Status, parse_scripts, parse_status

STAGES = {
    "v1": {
        "datasource": "DataSourceAzure [seed=/dev/sr0]",
        "stage": None,
        "init-local": {"errors": [], "finished": 1, "recoverable_errors": {}, "start": 0},
        "init": {"errors": [], "finished": 1, "recoverable_errors": {"WARNING": ["one"]}, "start": 0},
        "modules-final": {"errors": [], "finished": 1, "recoverable_errors": {"WARNING": ["two"]}, "start": 0},
    }
}
RUNPARTS = "('scripts_user', RuntimeError('Runparts: 1 failures (runcmd) in 2 attempted commands'))"
SCRIPTS = f"""\
script part-001
script runcmd
Command: ['/usr/bin/growpart']
Exit code: 2
Command: ['/var/lib/cloud/instance/scripts/runcmd']
Exit code: 127
result {json.dumps({"v1": {"datasource": "DataSourceAzure", "errors": [RUNPARTS]}})}
output
Cloud-init v. 25.1.4 running 'modules:final'
/var/lib/cloud/instance/scripts/runcmd: line 3: htop: command not found
/var/lib/cloud/instance/scripts/runcmd: 4: less: not found
output
"""


def test_no_cloud_init() -> None:
    assert parse_status("absent\n") is None


def test_a_status_made_of_its_stages() -> None:
    status = parse_status("present\n" + json.dumps(STAGES))
    assert status == Status("done", (), {"WARNING": ("one", "two")}, "azure")
    assert status.detail == "WARNING: one\nWARNING: two"
    failed = STAGES["v1"] | {"modules-final": {"errors": [RUNPARTS]}}
    status = parse_status("present\n" + json.dumps({"v1": failed}))
    assert status == Status("error", (RUNPARTS,), {"WARNING": ("one",)}, "azure")


def test_a_status_as_the_command_tells_it() -> None:
    told = {"status": "running", "errors": [], "recoverable_errors": {}, "datasource": None, "detail": "x"}
    assert parse_status("present\nwarning: something\n" + json.dumps(told)) == Status("running")


def test_a_status_that_is_none() -> None:
    for text in ("", "present\n", "present\n{", 'present\n{"v1": 3}', 'present\n{"status": 1, "errors": 3}'):
        assert parse_status(text) == Status("")


def test_scripts() -> None:
    scripts = parse_scripts(SCRIPTS)
    assert scripts.codes == {"part-001": 0, "runcmd": 127}
    assert scripts.failed == {"runcmd": 127}
    assert scripts.not_found == ("htop", "less")
    assert scripts.output.endswith("not found\noutput\n")


def test_a_failure_whose_code_is_not_in_the_log() -> None:
    text = "\n".join(line for line in SCRIPTS.splitlines() if "runcmd']" not in line)
    assert parse_scripts(text).codes == {"part-001": 0, "runcmd": None}


def test_no_script() -> None:
    assert parse_scripts("result \noutput\n").codes == {}
    assert parse_scripts("output\nhello\n").output == "hello\n"


def test_what_the_scripts_printed() -> None:
    head = "ci-info: x\nCloud-init v. 25.1.4 running 'modules:final' at Mon, 23 Nov 2026. Up 9 seconds.\n"
    tail = "Cloud-init v. 25.1.4 finished at Mon, 23 Nov 2026. Up 9 seconds\nGenerating keys\n"
    again = f"Cloud-init v. 25.1.4 running 'init' at Mon\n{head}{tail}"
    assert parse_scripts(f"output\n{head}one\ntwo\n{tail}{again}").own_output == "one\ntwo"
    assert parse_scripts(f"output\n{head}one\n").own_output == "one"
    assert parse_scripts("output\ntwo\n").own_output == "two"
