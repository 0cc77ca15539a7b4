"""Probes of settings of the kernel, and of calls that reach all of it."""

import ctypes
import errno
import mmap
import os
import struct
from pathlib import Path

from attempt import X86, call, opens, probe


def refused_for(wanted, x86, arm, *words):
    """Whether the kernel finds only the arguments wrong, not the caller."""
    try:
        call(x86, arm, *words)
    except OSError as error:
        if error.errno in wanted:
            return True
        raise
    return True


@probe
def core_pattern():
    return opens("/proc/sys/kernel/core_pattern")


@probe
def modprobe_path():
    return opens("/proc/sys/kernel/modprobe")


@probe
def drop_caches():
    return opens("/proc/sys/vm/drop_caches")


@probe
def sysrq():
    return opens("/proc/sysrq-trigger")


@probe
def release_agent():
    places = [*Path("/sys/fs/cgroup").glob("*/release_agent"), *Path("/sys/fs/cgroup").glob("cgroup.procs")]
    return any(opens(place) for place in places)


@probe
def settings_of_the_kernel():
    places = ("/sys/kernel/uevent_helper", "/sys/power/state", "/sys/kernel/rcu_expedited", "/sys/kernel/profiling")
    return any(opens(path) for path in places if Path(path).exists())


@probe
def host_name():
    name = b"boatyard-probe"
    call(170, 161, name, len(name))
    return True


@probe
def program_in_the_kernel():
    os.close(call(321, 280, 0, (ctypes.c_uint * 16)(1, 4, 4, 1), 64))  # BPF_MAP_CREATE
    return True


@probe
def measurement_of_the_kernel():
    attributes = (ctypes.c_uint * 32)(1, 128)  # a software event: the processor's clock
    os.close(call(298, 241, attributes, 0, -1, -1, 0))
    return True


@probe
def fault_handler():
    os.close(call(323, 282, 0))
    return True


@probe
def io_uring():
    os.close(call(425, 425, 1, (ctypes.c_uint * 64)()))
    return True


@probe
def kernel_module():
    return refused_for((errno.ENOEXEC, errno.EFAULT, errno.EINVAL, errno.EBADMSG), 175, 105, b"x" * 64, 64, b"")


@probe
def another_kernel():
    return refused_for((errno.EINVAL, errno.EADDRNOTAVAIL), 246, 104, 0, 17, 0, 0)


@probe
def reboot():
    return refused_for((errno.EINVAL,), 169, 142, 1, 2, 3, 0)


@probe
def clock():
    return refused_for((errno.EINVAL,), 227, 112, 0, struct.pack("qq", 0, -1))


@probe
def swap():
    return refused_for((errno.ENOENT, errno.EISDIR), 167, 224, b"/nonexistent", 0)


@probe
def accounting():
    return refused_for((errno.ENOENT, errno.EISDIR), 163, 89, b"/nonexistent")


@probe
def port_of_the_machine():
    return call(172, 0, 3) == 0 if X86 else False


@probe
def calls_of_another_architecture():
    """getpid by the numbers of i386, past a filter that looks at those of x86-64 only."""
    if not X86:
        return False
    code = b"\xb8\x14\x00\x00\x00\xcd\x80\xc3"  # mov eax, 20; int 0x80; ret
    memory = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    memory.write(code)
    function = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(memory)))
    return function() == os.getpid()
