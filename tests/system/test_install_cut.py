"""The power fails while Skiff is being installed: the next start either installs it or runs it, and nothing between."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Literal

import pytest
from tests.system.computer import said
from tests.system.installer import SERIAL, Target, empty_disk, root_shell, with_answers

from boatyard.ports import clock
from boatyard.vm.ssh import ephemeral_key

if TYPE_CHECKING:
    from pathlib import Path

    from boatyard.ports.run import HostRunner

pytestmark = [pytest.mark.vm, pytest.mark.network, pytest.mark.tool, pytest.mark.sweep]
# What the console's bar says first of each step, in order.
BORDERS = (
    "verify the signature",
    "wipe /dev/",
    "partitions: ",
    "volumes: ",
    "file systems: ",
    "copy Skiff",
    "settings: ",
    "kernel ",
    "write everything out",
    "write the partition table",
)
SEED = 20261123
LONGEST_WAIT_S = 20.0  # within the longest step, copying, on an emulated processor
random_cuts = random.Random(SEED)
RANDOM = [(random_cuts.choice(BORDERS[4:]), random_cuts.uniform(0, LONGEST_WAIT_S)) for _ in range(10)]


def cut_and_start_again(iso: Path, folder: Path, run: HostRunner, words: str, wait_s: float) -> str:
    """Cuts the power some seconds after a step began; what the next start then did."""
    with ephemeral_key(run, folder / "scratch") as key:
        answers = f'[disk]\nserial = "{SERIAL}"\nwipe = true\n[root]\nssh-keys = ["{key.public}"]\n'
        firmware: Literal["uefi", "bios"] = "bios"  # starts the sooner
        target = Target(with_answers(iso, answers, run, folder), [empty_disk(folder)], run, folder, firmware)
        with target.on() as vm:
            target.screen.wait(vm, lambda text: f"%  {words}" in text)
            clock.sleep(wait_s)  # the moment is arbitrary; nothing is waited for
        with target.on() as vm:
            what = target.installed_or_booted(vm)
            with root_shell(vm, key) as shell:
                assert said(shell, "systemctl is-system-running --wait") == "running"
                assert said(shell, "findmnt -no SOURCE /") == "/dev/mapper/vg0-root"
                changed = shell("rpm -Va --noscripts | grep '^..5\\|^missing' | grep -v ' [cg] /'", 900).text
                assert changed == "", "every file of every package is whole"
    return what


def test_cut_while_copying(live_iso: Path, tmp_path: Path, run: HostRunner) -> None:
    assert cut_and_start_again(live_iso, tmp_path, run, "copy Skiff", 3.0) == "installed"


def test_cut_at_the_last_write(live_iso: Path, tmp_path: Path, run: HostRunner) -> None:
    cut_and_start_again(live_iso, tmp_path, run, "write the partition table", 0.0)


@pytest.mark.sweep
@pytest.mark.parametrize("words", BORDERS)
def test_cut_at_every_border(live_iso: Path, tmp_path: Path, run: HostRunner, words: str) -> None:
    what = cut_and_start_again(live_iso, tmp_path, run, words, 0.0)
    assert what == "installed" or words == BORDERS[-1]


@pytest.mark.sweep
@pytest.mark.parametrize(("words", "wait_s"), RANDOM)
def test_cut_at_any_moment(live_iso: Path, tmp_path: Path, run: HostRunner, words: str, wait_s: float) -> None:
    cut_and_start_again(live_iso, tmp_path, run, words, wait_s)
