"""Scripts in the sandbox, with real namespaces: what they can do, and all that they cannot."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from boatyard_installer.answers import Answers, Script
from boatyard_installer.error import StepError
from boatyard_installer.run import HostRun
from boatyard_installer.settings import run_scripts

if TYPE_CHECKING:
    from pathlib import Path

BUSYBOX = shutil.which("busybox", path="/usr/bin:/bin:/usr/sbin:/sbin")
pytestmark = [
    pytest.mark.tool,
    pytest.mark.skipif(os.geteuid() != 0, reason="namespaces and owners need root"),
    pytest.mark.skipif(BUSYBOX is None, reason="needs a static busybox"),
]
APPLETS = (
    "true",
    "sh",
    "mknod",
    "mount",
    "umount",
    "cat",
    "id",
    "sleep",
    "ls",
    "chroot",
    "ping",
    "wget",
    "chown",
    "ip",
    "echo",
    "unshare",
)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A root with busybox only."""
    root = tmp_path / "root"
    for name in ("bin", "etc", "proc", "dev", "run", "tmp", "mnt"):
        (root / name).mkdir(parents=True)
    assert BUSYBOX is not None
    shutil.copy(BUSYBOX, root / "bin/busybox")
    for name in APPLETS:
        (root / "bin" / name).symlink_to("busybox")
    return root


def run_one(root: Path, content: str, *, timeout_s: int = 60) -> list[str]:
    log: list[str] = []
    script = Script(name="setup", content=content, timeout_s=timeout_s)
    run_scripts(root, Answers(scripts=(script,)), HostRun(log.append))
    return [line.strip() for line in log[1:]]


def test_an_ordinary_script(small: Path) -> None:
    told = run_one(
        small, 'set -e\necho hi > /etc/made\nchown 1000:1000 /etc/made\nid -u\necho "$HOME"\ncat /dev/null; ls /tmp\n'
    )
    assert told == ["0", "/root", "boatyard-script"]
    made = small / "etc/made"
    assert (made.read_text(), made.stat().st_uid) == ("hi\n", 1000)
    assert [list((small / name).iterdir()) for name in ("tmp", "dev", "run", "proc")] == [[], [], [], []]


def test_the_script_is_in_no_command_line_or_log(small: Path) -> None:
    log: list[str] = []
    run_scripts(small, Answers(scripts=(Script(content="true # hunter2"),)), HostRun(log.append))
    assert not any("hunter2" in line for line in log)


@pytest.mark.parametrize(
    "attempt",
    [
        "mknod /disk b 8 0",
        "mount -t tmpfs none /mnt",
        "mount -o remount,rw /proc/sys",
        "umount /proc/sys",
        "chroot / /bin/true",
        "echo x > /proc/sys/kernel/hostname",
        "echo '|/bin/sh' > /proc/sys/kernel/core_pattern",
        "test -e /proc/sysrq-trigger && echo h > /proc/sysrq-trigger",
        "ip link set lo up",
        "ping -c 1 -W 1 127.0.0.1",
        "cat /sys/kernel/uevent_seqnum",
        # It would give all capabilities inside it.
        "unshare -U true",
        "unshare -U -r -m sh -c 'mount -t tmpfs none /mnt'",
    ],
)
def test_what_a_script_cannot_do(small: Path, attempt: str) -> None:
    with pytest.raises(StepError, match="'setup' failed") as caught:
        run_one(small, f"{attempt} || exit 42\n")
    assert "42" in caught.value.what
    assert "not found" not in caught.value.detail  # that busybox has no such applet would prove nothing


def test_nothing_of_the_machine_is_in_sight(small: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("secret")
    told = run_one(
        small,
        f"ls /dev\necho --\ncd /; cat ../../..{tmp_path}/outside 2>/dev/null\nls -d /proc/[0-9]*\n"
        "cat /proc/1/root/etc/hostname 2>/dev/null\nexit 0\n",
    )
    devices = told[: told.index("--")]
    assert sorted(devices) == sorted(
        ["fd", "full", "null", "random", "shm", "stderr", "stdin", "stdout", "urandom", "zero"]
    )
    # The shell, which is the first process, sees itself only.
    assert told[told.index("--") + 1 :] == ["/proc/1"]


def test_rights_that_are_left(small: Path) -> None:
    told = run_one(small, "cat /proc/self/status\n")
    rights = {line.split(":")[0]: line.split()[-1] for line in told if line.startswith(("Cap", "NoNew"))}
    assert {rights[name] for name in ("CapPrm", "CapEff", "CapBnd")} == {"00000000800000fb"}
    assert {rights[name] for name in ("CapInh", "CapAmb")} == {"0" * 16}
    assert rights["NoNewPrivs"] == "1"


def test_a_script_that_fails_is_named(small: Path) -> None:
    with pytest.raises(StepError) as caught:
        run_one(small, "echo the reason >&2\nexit 3\n")
    assert "'setup'" in caught.value.what
    assert "exit code 3" in caught.value.what
    assert "the reason" in caught.value.detail


def test_a_script_that_hangs_ends(small: Path) -> None:
    with pytest.raises(StepError, match="more than 1 s"):
        run_one(small, "sleep 1000 & sleep 1000\n", timeout_s=1)


def test_what_a_script_starts_ends_with_it(small: Path) -> None:
    assert run_one(small, "sleep 1000 &\necho done\n") == ["done"]


def test_a_link_in_the_place_of_dev_is_refused(small: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (small / "dev").rmdir()
    (small / "dev").symlink_to(outside)
    with pytest.raises(StepError) as caught:
        run_one(small, "true\n")
    assert "/dev is a link" in caught.value.detail
    assert list(outside.iterdir()) == []
