"""The filter of system calls, run by a small interpreter of classic BPF as the kernel's (seccomp(2), bpf of 1993)."""

from __future__ import annotations

import errno
import struct

import pytest

from boatyard.ports.seccomp import ARCHES, DENIED, NAMESPACES, seccomp_filter

ALLOW, ERRNO = 0x7FFF0000, 0x00050000


def run(program: bytes, arch: int, number: int, *arguments: int) -> int:
    """0 when the filter lets a call pass, else the error that the program sees."""
    words = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("<IIQ6Q", number & 0xFFFFFFFF, arch, 0, *(word & (1 << 64) - 1 for word in words))
    steps = [struct.unpack_from("<HBBI", program, place) for place in range(0, len(program), 8)]
    at = accumulator = 0
    while True:
        code, if_true, if_false, value = steps[at]
        at += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, value)
        elif code == 0x06:
            return 0 if value == ALLOW else value & ~ERRNO if value & ERRNO else -1
        else:
            holds = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}[code]
            at += if_true if holds else if_false


@pytest.fixture(params=sorted(ARCHES))
def machine(request: pytest.FixtureRequest) -> tuple[int, int, bytes]:
    column, audit = ARCHES[request.param]
    return column, audit, seccomp_filter(request.param)


def test_every_denied_call_is_refused(machine: tuple[int, int, bytes]) -> None:
    column, audit, program = machine
    for name, numbers in DENIED.items():
        number = numbers[column]
        assert number is None or run(program, audit, number) == errno.EPERM, name


def test_all_other_calls_pass(machine: tuple[int, int, bytes]) -> None:
    column, audit, program = machine
    special = {56, 435, 41, 53} if column == 0 else {220, 435, 198, 199}
    denied = {numbers[column] for numbers in DENIED.values()}
    for number in set(range(600)) - denied - special:
        assert run(program, audit, number) == 0, number


def test_namespaces_are_refused_whichever_call_asks(machine: tuple[int, int, bytes]) -> None:
    column, audit, program = machine
    clone = (56, 220)[column]
    assert run(program, audit, clone, 0x11) == 0  # fork
    assert run(program, audit, clone, 0x3D0F00) == 0  # a thread
    for bit in range(32):
        if NAMESPACES >> bit & 1:
            assert run(program, audit, clone, 1 << bit | 0x11) == errno.EPERM
            assert run(program, audit, clone, 1 << bit | 1 << 40) == errno.EPERM  # high bits hide nothing
    assert run(program, audit, 435) == errno.ENOSYS


def test_families_of_sockets(machine: tuple[int, int, bytes]) -> None:
    column, audit, program = machine
    for call in ((41, 198)[column], (53, 199)[column]):
        allowed = {family for family in range(64) if run(program, audit, call, family, 1) == 0}
        assert allowed == {1, 2, 10, 16}
        assert run(program, audit, call, 40, 1) == errno.EAFNOSUPPORT


def test_typing_into_a_terminal_is_refused(machine: tuple[int, int, bytes]) -> None:
    column, audit, program = machine
    ioctl = (16, 29)[column]
    assert run(program, audit, ioctl, 0, 0x5412) == errno.EPERM
    assert run(program, audit, ioctl, 0, 0x541C) == errno.EPERM
    assert run(program, audit, ioctl, 0, 0x5412 | 1 << 32) == errno.EPERM  # the kernel looks at 32 bits only
    assert run(program, audit, ioctl, 0, 0x5413) == 0


def test_calls_of_other_architectures_do_not_exist() -> None:
    program = seccomp_filter("x86_64")
    assert run(program, 0x40000003, 20) == errno.ENOSYS  # i386
    assert run(program, ARCHES["x86_64"][1], 0x40000000 | 39) == errno.ENOSYS  # x32
    assert run(program, ARCHES["x86_64"][1], 39) == 0
    assert run(seccomp_filter("aarch64"), 0x40000028, 20) == errno.ENOSYS  # arm


def test_unknown_architecture() -> None:
    with pytest.raises(ValueError, match="riscv64"):
        seccomp_filter("riscv64")
