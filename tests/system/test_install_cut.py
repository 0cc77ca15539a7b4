"""The power fails while Skiff is being installed: the next start either installs it or runs it, and nothing between."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Literal, NamedTuple

import pytest
from tests.system.computer import said
from tests.system.installer import SERIAL, Target, empty_disk, root_shell, with_answers

from boatyard.ports import clock
from boatyard.vm.ssh import ephemeral_key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from boatyard.ports.run import HostRunner
    from boatyard.vm.running import RunningMachine
    from boatyard.vm.ssh import SshKey

pytestmark = [pytest.mark.vm, pytest.mark.network, pytest.mark.tool]
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
COPY, LAST = BORDERS[5], BORDERS[-1]
SEED = 20261123
LONGEST_WAIT_S = 20.0  # within the longest step, copying, on an emulated processor


class Cut(NamedTuple):
    """The power fails `wait_s` seconds after a step has begun."""

    step: str
    wait_s: float = 0.0


def cuts_at_random(count: int, seed: int) -> list[Cut]:
    """Moments from making file systems on; some come after the last write."""
    chance = random.Random(seed)
    return [Cut(chance.choice(BORDERS[4:]), chance.uniform(0, LONGEST_WAIT_S)) for _ in range(count)]


def starts_after(cuts: Sequence[Cut], iso: Path, folder: Path, run: HostRunner) -> list[Literal["installer", "system"]]:
    """Cuts the power of one machine again and again; what started after each cut. A system that starts is whole, and
    makes way for an empty disk; after the last cut Skiff is installed if it is not there.
    """
    found: list[Literal["installer", "system"]] = []
    left = list(cuts)
    with ephemeral_key(run, folder / "scratch") as key:
        answers = f'[disk]\nserial = "{SERIAL}"\nwipe = true\n[root]\nssh-keys = ["{key.public}"]\n'
        # BIOS starts the sooner.
        target = Target(with_answers(iso, answers, run, folder), [empty_disk(folder)], run, folder, "bios")
        was_cut = False
        while left or was_cut:
            with target.on() as vm:
                started = target.comes_up(vm)
                if was_cut:
                    found.append(started)
                if was_cut := started == "installer" and bool(left):
                    wait_for(left.pop(0), target, vm)
                    continue  # with the end of the block the power is gone
                if started == "installer":
                    target.install(vm)
                check_whole(vm, key)
            target.drives = [empty_disk(folder)]
    return found


def wait_for(cut: Cut, target: Target, vm: RunningMachine) -> None:
    """Comes back when the power shall fail."""
    target.screen.wait(vm, lambda text: f"%  {cut.step}" in text)
    clock.sleep(cut.wait_s)  # the moment is arbitrary; nothing is waited for


def check_whole(vm: RunningMachine, key: SshKey) -> None:
    """The machine runs a system of which nothing is missing or damaged, and is switched off."""
    with root_shell(vm, key) as shell:
        assert said(shell, "systemctl is-system-running --wait") == "running"
        assert said(shell, "findmnt -no SOURCE /") == "/dev/mapper/vg0-root"
        changed = shell("rpm -Va --noscripts | grep '^..5\\|^missing' | grep -v ' [cg] /'", 900).text
        assert changed == "", "every file of every package is whole"


def test_cuts_while_copying_and_at_the_last_write(live_iso: Path, tmp_path: Path, run: HostRunner) -> None:
    first, _ = starts_after([Cut(COPY, 3.0), Cut(LAST)], live_iso, tmp_path, run)
    assert first == "installer"


@pytest.mark.sweep
def test_a_cut_at_every_border(live_iso: Path, tmp_path: Path, run: HostRunner) -> None:
    found = starts_after([Cut(step) for step in BORDERS], live_iso, tmp_path, run)
    assert found[:-1] == ["installer"] * (len(BORDERS) - 1)


@pytest.mark.sweep
def test_cuts_at_any_moment(live_iso: Path, tmp_path: Path, run: HostRunner) -> None:
    cuts = cuts_at_random(10, SEED)
    assert len(starts_after(cuts, live_iso, tmp_path, run)) == len(cuts)
