"""The system calls that foreign code must not make, as a filter for the kernel (seccomp, classic BPF).

Pure. What the kernel would refuse anyway for want of rights is here too: a fault in the kernel's own checks is reached
only by a call that gets there. What builds and their tests use (ptrace of own processes, personality) is not.

The numbers are those of the kernel's tables for x86-64 (arch/x86/entry/syscalls/syscall_64.tbl) and for aarch64
(include/uapi/asm-generic/unistd.h). Calls by another architecture's numbers (i386, x32) do not exist.
"""

from __future__ import annotations

import errno
import struct

# name: (x86-64, aarch64); None where the architecture has no such call
DENIED: dict[str, tuple[int | None, int | None]] = {
    # keys of the kernel are not of any namespace
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    # programs in the kernel, its memory, and what it measures
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    # mounts
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "open_tree": (428, 428),
    "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432),
    "fspick": (433, 433), "mount_setattr": (442, 442), "open_tree_attr": (467, 467),
    # namespaces; clone is looked at by its flags
    "unshare": (272, 97), "setns": (308, 268),
    # files by number, past every folder's rights
    "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264), "fanotify_init": (300, 262),
    # the machine
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105), "finit_module": (313, 273),
    "delete_module": (176, 106), "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225),
    "syslog": (103, 116), "acct": (163, 89), "quotactl": (179, 60), "quotactl_fd": (443, 443),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "adjtimex": (159, 171), "clock_adjtime": (305, 266),
    "iopl": (172, None), "ioperm": (173, None), "vhangup": (153, 58), "lookup_dcookie": (212, 18),
}  # fmt: skip
CLONE = (56, 220)
CLONE3 = (435, 435)  # its flags are in memory, where a filter cannot look; the C library then uses clone
SOCKET, SOCKETPAIR = (41, 198), (53, 199)
IOCTL = (16, 29)
# New namespaces: mount, cgroup, uts, ipc, user, pid, net.
NAMESPACES = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000
# UNIX, INET, INET6, NETLINK: what the network namespace holds. VSOCK talks to the hypervisor past every namespace.
FAMILIES = (1, 2, 10, 16)
TERMINAL = (0x5412, 0x541C)  # TIOCSTI and TIOCLINUX: typing into the terminal of whoever started the build
X32 = 0x40000000

ARCHES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column above, AUDIT_ARCH_* of linux/audit.h

# linux/bpf_common.h and linux/seccomp.h
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_NUMBER, _ARCH, _FIRST, _SECOND = 0, 4, 16, 24  # offsets in struct seccomp_data; the low halves of arguments


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, value)


def _refuse(error: int) -> bytes:
    return _step(_RETURN, _ERRNO | error)


def seccomp_filter(arch: str) -> bytes:
    """The filter as `struct sock_filter`s, as bwrap's --seccomp reads them; ValueError for an unknown architecture."""
    if arch not in ARCHES:
        raise ValueError(f"no filter of system calls for {arch}")
    column, audit = ARCHES[arch]
    program = [_step(_LOAD, _ARCH), _step(_EQUAL, audit, 1), _refuse(errno.ENOSYS), _step(_LOAD, _NUMBER)]
    if arch == "x86_64":
        program += [_step(_AT_LEAST, X32, 0, 1), _refuse(errno.ENOSYS)]
    for numbers in DENIED.values():
        number = numbers[column]
        if number is not None:
            program += [_step(_EQUAL, number, 0, 1), _refuse(errno.EPERM)]
    program += [_step(_EQUAL, CLONE3[column], 0, 1), _refuse(errno.ENOSYS)]
    program += _if(CLONE[column], [_step(_LOAD, _FIRST), _step(_ANY_BIT, NAMESPACES, 0, 1), _refuse(errno.EPERM)])
    for call in (SOCKET, SOCKETPAIR):
        known = [_step(_EQUAL, family, len(FAMILIES) - place) for place, family in enumerate(FAMILIES)]
        program += _if(call[column], [_step(_LOAD, _FIRST), *known, _refuse(errno.EAFNOSUPPORT)])
    typed = [step for word in TERMINAL for step in (_step(_EQUAL, word, 0, 1), _refuse(errno.EPERM))]
    program += _if(IOCTL[column], [_step(_LOAD, _SECOND), *typed])
    return b"".join([*program, _step(_RETURN, _ALLOW)])


def _if(number: int, block: list[bytes]) -> list[bytes]:
    """A block that looks at arguments of one call; whatever it lets pass is allowed."""
    return [_step(_EQUAL, number, 0, len(block) + 1), *block, _step(_RETURN, _ALLOW)]
