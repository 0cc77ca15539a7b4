"""What shells say of commands that are not there: as they have said it, and as those of this machine say it now."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from boatyard.ports.run import Command, HostRunner
from boatyard.trial.not_found import MOST_NAMES, command_not_found, commands_not_found

SAID = [
    ("sh: 1: htop: not found", "htop"),
    ("s.sh: 1: htop: not found", "htop"),
    ("/var/lib/cloud/instance/scripts/runcmd: line 3: htop: command not found", "htop"),
    ("/var/lib/cloud/instance/scripts/part-001: 12: less: not found", "less"),
    ("bash: htop: command not found", "htop"),
    ("-bash: line 1: htop: command not found\r", "htop"),
    ("bash: htop: command not found...", "htop"),
    ("environment: line 1: htop: command not found", "htop"),
    ("[   31.4] cloud-init[512]: /tmp/x.sh: line 7: g++: command not found", "g++"),
    ("bash: line 1: a b: command not found", "a b"),
    ("s.sh: line 10: exec: htop: not found", "htop"),
    ("s.sh: exec: line 10: htop: not found", "htop"),
    ("dash: 1: eval: htop: not found", "htop"),
    ("sh: htop: not found", "htop"),
    ("/bin/ash: htop: not found", "htop"),
    ("zsh: command not found: htop", "htop"),
    ("sudo: htop: command not found", "htop"),
    ("env: ‘htop’: No such file or directory", "htop"),
    ("/usr/bin/env: 'python2': No such file or directory", "python2"),
    ("env: can't execute 'htop': No such file or directory", "htop"),
    ("timeout: failed to run command ‘htop’: No such file or directory", "htop"),
    ("timeout: can't execute 'htop': No such file or directory", "htop"),
    ("nice: ‘htop’: No such file or directory", "htop"),
    ("xargs: htop: No such file or directory", "htop"),
    ("setsid: failed to execute htop: No such file or directory", "htop"),
    ("bash: ./x: /usr/bin/python2: bad interpreter: No such file or directory", "/usr/bin/python2"),
    ("app.service: Unable to locate executable '/usr/bin/app': No such file or directory", "/usr/bin/app"),
    ("Failed to find executable htop: No such file or directory", "htop"),
    ("Reason: [Errno 2] No such file or directory: b'htop'", "htop"),
    ("Command 'htop' not found, but can be installed with:", "htop"),
    ("\x1b[31mbash: htop: command not found\x1b[0m", "htop"),
]
SAID_OF_OTHER_THINGS = [
    "cat: /etc/absent: No such file or directory",
    "bash: line 1: /etc/absent: No such file or directory",
    "dash: 1: cannot open /etc/absent: No such file",
    "sh: can't open /etc/absent: no such file",
    "FileNotFoundError: [Errno 2] No such file or directory: 'state.json'",
    "curl: (22) The requested URL returned error: 404 Not Found",
    "Error: Unable to find a match: htop",
    "Package htop not found",
    "the command was not found",
    ": command not found",
    "",
]


@pytest.mark.parametrize(("line", "name"), SAID)
def test_what_is_said_of_a_command(line: str, name: str) -> None:
    assert command_not_found(line) == name


@pytest.mark.parametrize("line", SAID_OF_OTHER_THINGS)
def test_what_is_said_of_other_things(line: str) -> None:
    assert command_not_found(line) == ""


def test_what_a_guest_said_of_a_script() -> None:
    """The output of tests/system/loop.sh on Skiff."""
    said = Path(__file__).with_name("said-by-skiff.log").read_text("utf-8").splitlines()
    assert set(commands_not_found(said)) == {
        "less", "cpio", "cowsay", "figlet", "lolcat", "zip", "toilet", "tree", "nmap", "unzip", "wget", "git", "htop",
        "neofetch", "lsb_release",
    }  # fmt: skip


def test_a_path_counts_when_it_is_run() -> None:
    line = "s.sh: line 9: /opt/app/start: No such file or directory"
    assert commands_not_found([line]) == ()
    assert commands_not_found([line], {"/opt/app/start"}) == ("/opt/app/start",)


def test_names_come_once_in_their_order_and_not_without_end() -> None:
    lines = ["sh: 1: b: not found", "sh: 2: a: not found", "sh: 3: b: not found"]
    assert commands_not_found(lines) == ("b", "a")
    assert len(commands_not_found(f"sh: 1: c{number}: not found" for number in range(2 * MOST_NAMES))) == MOST_NAMES


def test_a_long_line_is_cut() -> None:
    assert command_not_found("sh: 1: " + "x: " * 100_000 + "htop: not found") == ""


@pytest.mark.tool
@pytest.mark.parametrize("shell", [("bash",), ("dash",), ("busybox", "sh")])
@pytest.mark.parametrize(
    "text", ["{}", "env {}", "timeout 9 {}", "nice {}", "nohup {}", "echo 1 | xargs {}", "exec {}"]
)
def test_the_shells_of_this_machine(shell: tuple[str, ...], text: str, run: HostRunner) -> None:
    if shutil.which(shell[0]) is None:
        pytest.skip(f"{shell[0]} is not installed")
    script = f"{text.format('surely-absent')} 2>&1"
    said = run(Command(argv=(*shell, "-c", script), ok=tuple(range(256)))).text
    assert commands_not_found(said.splitlines()) == ("surely-absent",), said
