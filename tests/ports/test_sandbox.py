"""The words that bubblewrap is started with."""

import json
import sys
from pathlib import Path

from boatyard.ports.run import Command
from boatyard.ports.sandbox import BUILDER, CONTAIN, Sandbox, inside

COMMAND = Command(argv=("rpmbuild", "-bb", "--", "x.spec"), cwd=Path("/build"))
SANDBOX = Sandbox(root=Path("/roots/r"), read_only=((Path("/s"), "/sources"),), writable=((Path("/w"), "/build"),))


def contained(**fields: object) -> Command:
    from dataclasses import replace

    return inside(replace(SANDBOX, contained=True, **fields), COMMAND)


def test_plain_sandbox() -> None:
    assert inside(SANDBOX, COMMAND).argv == (
        "bwrap", "--die-with-parent", "--new-session", "--unshare-pid", "--unshare-net", "--unshare-ipc",
        "--unshare-uts", "--hostname", "localhost", "--unshare-cgroup-try",
        "--unshare-user", "--uid", "1000", "--gid", "1000", "--cap-drop", "ALL", "--ro-bind", "/roots/r", "/",
        "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/var/tmp", "--tmpfs", "/run",
        "--perms", "0700", "--dir", "/run/user/1000", "--ro-bind", "/s", "/sources", "--bind", "/w", "/build",
        "--chdir", "/build", "--", "rpmbuild", "-bb", "--", "x.spec",
    )  # fmt: skip


def test_contained_sandbox_of_a_builder() -> None:
    argv = contained(user=BUILDER, cgroups=(Path("/g/cgroup.procs"),), rlimits=(("CORE", 0),)).argv
    assert argv[:4] == (sys.executable, "-I", "-S", str(CONTAIN))
    assert json.loads(argv[4]) == {
        "first": 100000, "count": 65536, "user": 1000, "own": [["/w", 1000]], "cgroups": ["/g/cgroup.procs"],
        "rlimits": {"CORE": 0},
    }  # fmt: skip
    assert argv[5:] == (
        "bwrap", "--die-with-parent", "--new-session", "--unshare-pid", "--unshare-net", "--unshare-ipc",
        "--unshare-uts", "--hostname", "localhost", "--unshare-cgroup-try", "--cap-drop", "ALL",
        "--ro-bind", "/roots/r", "/", "--proc", "/proc", "--dev", "/dev",
        "--perms", "1777", "--size", "268435456", "--tmpfs", "/dev/shm", "--remount-ro", "/dev",
        "--perms", "1777", "--size", "67108864", "--tmpfs", "/tmp",
        "--perms", "1777", "--size", "67108864", "--tmpfs", "/var/tmp",
        "--perms", "1777", "--size", "67108864", "--tmpfs", "/run",
        "--perms", "0700", "--dir", "/run/user/1000", "--ro-bind", "/s", "/sources", "--bind", "/w", "/build",
        "--chdir", "/build", "--", "rpmbuild", "-bb", "--", "x.spec",
    )  # fmt: skip


def test_contained_root_has_few_capabilities_and_owns_what_it_writes() -> None:
    argv = contained(user=0, root_writable=True).argv
    given = {argv[place + 1] for place, word in enumerate(argv) if word == "--cap-add"}
    assert given == {f"CAP_{name}" for name in (
        "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"
    )}  # fmt: skip
    assert json.loads(argv[4])["own"] == [["/w", 0], ["/roots/r", 0]]


def test_messages_name_the_command_that_people_know() -> None:
    assert contained().inner == COMMAND.argv
    assert contained().program == "rpmbuild"
    assert contained().writable == (Path("/w"),)
    assert inside(SANDBOX, COMMAND).inner == COMMAND.argv
    assert COMMAND.inner == COMMAND.argv
