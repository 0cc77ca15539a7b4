"""Serial consoles as values: the words of real firmware, boot loaders, kernels and init systems."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boatyard.vm.serial import KEPT_LINES, MAX_LINE, SerialReader, Stage, Trouble, match

# A boot of a real guest, shortened: OVMF, GRUB, Linux, dracut, systemd, agetty, and the way down.
BOOT = (
    b'\x1b[2J\x1b[01;01H\x1b[=3h\x1b[2J\x1b[01;01HBdsDxe: loading Boot0001 "UEFI Misc Device" from PciRoot(0x0)\r\n'
    b'BdsDxe: starting Boot0001 "UEFI Misc Device" from PciRoot(0x0)\r\n'
    b"\x1b[H\x1b[J\x1b[1;1H                             GNU GRUB  version 2.12-9\r\n"
    b"  Booting `Skiff Linux'\r\n\r\n"
    b"EFI stub: Loaded initrd from LINUX_EFI_INITRD_MEDIA_GUID device path\r\n"
    b"[    0.000000] Linux version 6.12.107+deb13-cloud-amd64 (gcc-14) #1 SMP\r\n"
    b"[    2.131421] Run /init as init process\r\n"
    b"[    2.4] systemd[1]: systemd 257.13-1 running in system mode (+PAM)\r\n"
    b"\r\nWelcome to \x1b[1mSkiff Linux 1\x1b[0m!\r\r\n\r\n"
    b"[\x1b[0;32m  OK  \x1b[0m] Finished \x1b[0;1;39msystemd-boot-random-seed.service\x1b[0m.\r\n"
    b"\r\nSkiff Linux 1 localhost ttyS0\r\n\r\nlocalhost login: "
    b"root\r\nLast login: Mon Nov 23 07:00:00 UTC 2026 on ttyS0\r\n"
    b"[   \x1b[32mOK\x1b[0m   ] Reached target \x1b[0;1;39mpoweroff.target\x1b[0m - System Power Off.\r\n"
    b"[   40.0] reboot: Power down\r\n"
)
STAGES = list(Stage)[1:]


def told(data: bytes) -> list[Stage | Trouble]:
    return [event.what for event in SerialReader().feed(data)]


def test_a_whole_boot_tells_each_stage_once() -> None:
    assert told(BOOT) == STAGES


def test_a_prompt_and_its_answer_in_one_piece_are_a_login() -> None:
    assert told(b"localhost login: root\r\nPassword: ") == [Stage.LOGIN]


@given(st.lists(st.integers(0, len(BOOT)), max_size=60))
def test_the_size_of_the_pieces_does_not_matter(cuts: list[int]) -> None:
    reader = SerialReader()
    places = [0, *sorted(cuts), len(BOOT)]
    events = [event for a, b in itertools.pairwise(places) for event in reader.feed(BOOT[a:b])]
    assert [event.what for event in events] == STAGES
    assert reader.boots == 1
    assert reader.tail(3).splitlines()[-1] == "[   40.0] reboot: Power down"


def test_byte_by_byte() -> None:
    reader = SerialReader()
    assert [event.what for byte in BOOT for event in reader.feed(bytes([byte]))] == STAGES


def test_a_prompt_is_told_before_its_line_ends() -> None:
    reader = SerialReader()
    reader.feed(b"\r\nlocalhost login:")
    assert reader.stage is Stage.LOGIN
    assert reader.feed(b" root\r\nlocalhost login: ") == []


def test_a_second_boot_is_a_reboot() -> None:
    reader = SerialReader()
    reader.feed(BOOT)
    reader.feed(BOOT)
    assert reader.boots == 2
    assert reader.stage is Stage.SHUTDOWN


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)", Trouble.PANIC),
        ("[    1.2] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100", Trouble.PANIC),
        ("[   14.9] systemd[1]: Freezing execution.", Trouble.FREEZE),
        ('You are in emergency mode. After logging in, type "journalctl -xb"', Trouble.EMERGENCY),
        ("Press Enter for maintenance", Trouble.EMERGENCY),
        ("(initramfs) ", Trouble.INITRD),
        ("ALERT!  LABEL=nothing does not exist.  Dropping to a shell!", Trouble.INITRD),
        ("[  180.1] dracut-initqueue[412]: Warning: dracut-initqueue: timeout, still waiting", Trouble.INITRD),
        ("grub rescue> ", Trouble.LOADER),
        ("grub> ", Trouble.LOADER),
        ("BdsDxe: No bootable option or device was found.", Trouble.NO_BOOT),
        ("No bootable device.", Trouble.NO_BOOT),
        ("Shell> ", Trouble.NO_BOOT),
        ("[   10.0] Oops: 0002 [#1] PREEMPT SMP NOPTI", Trouble.OOPS),
        ("[   10.0] BUG: unable to handle page fault for address: ffff", Trouble.OOPS),
        ("[   99.0] Out of memory: Killed process 612 (dnf) total-vm:1024kB", Trouble.MEMORY),
        ("Welcome to Debian GNU/Linux 13 (trixie) dracut-106 (Initramfs)!", Stage.INITRD),
        ("systemd-boot 257", Stage.BOOTLOADER),
        ("[  OK  ] Finished systemd-boot-random-seed.service", None),
        ("traps: less[400] general protection fault ip:55d0 sp:7ffe", None),
        ("Linux version 6.12.107 (as someone printed it)", None),
        ("skiff login: [   38.913687] kvm_amd: Nested Virtualization enabled", Stage.LOGIN),
        ("Last login: Mon Nov 23 07:00:00 UTC 2026", None),
        ("boat login failed", None),
    ],
)
def test_words_of_real_consoles(line: str, what: Stage | Trouble | None) -> None:
    assert match(line) is what


def test_only_some_troubles_end_a_boot() -> None:
    assert [trouble for trouble in Trouble if not trouble.fatal] == [Trouble.OOPS, Trouble.MEMORY]


@given(st.binary(max_size=5000))
def test_any_bytes_are_taken(data: bytes) -> None:
    reader = SerialReader()
    reader.feed(data)
    assert all(char == "\t" or char.isprintable() or ord(char) > 0x7F for char in reader.tail(500).replace("\n", ""))


def test_what_is_kept_is_bounded() -> None:
    reader = SerialReader()
    reader.feed(b"x" * 10_000_000 + b"\n" * 10)
    for number in range(1000):
        reader.feed(b"line %d\n" % number)
    assert len(reader.lines) == KEPT_LINES
    assert all(len(line) <= MAX_LINE for line in reader.lines)
    assert reader.tail(2) == "line 998\nline 999"
