"""Probes of other processes, of namespaces, and of more rights and means than were given."""

import ctypes
import errno
import fcntl
import os
import pty
import resource
import signal
import termios
from pathlib import Path

from attempt import FACTS, call, opens, probe


@probe
def signal_to_a_process_of_the_host():
    if any(FACTS["word"].encode() in p.read_bytes() for p in [Path(f"/proc/{FACTS['pid']}/cmdline")] if p.exists()):
        os.kill(FACTS["pid"], 0)
        return True
    return False


@probe
def ptrace_of_a_process_of_the_host():
    call(101, 117, 0x4206, FACTS["pid"], 0, 0)  # PTRACE_SEIZE, ended with this process
    return FACTS["word"].encode() in Path(f"/proc/{FACTS['pid']}/cmdline").read_bytes()


@probe
def memory_of_a_process_of_the_host():
    return (
        opens(f"/proc/{FACTS['pid']}/mem", os.O_RDONLY)
        and FACTS["word"].encode() in Path(f"/proc/{FACTS['pid']}/cmdline").read_bytes()
    )


@probe
def namespace_of_another_process():
    return call(308, 268, os.open("/proc/1/ns/mnt", os.O_RDONLY), 0x20000) == 0


@probe
def user_namespace():
    call(272, 97, 0x10000000)
    return True


@probe
def mount_namespace():
    call(272, 97, 0x20000)
    return True


@probe
def user_namespace_by_clone():
    pid = call(56, 220, 0x10000000 | int(signal.SIGCHLD), 0, 0, 0, 0)
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return True


@probe
def user_namespace_by_clone3():
    words = (ctypes.c_ulonglong * 8)(0x10000000, 0, 0, 0, int(signal.SIGCHLD), 0, 0, 0)
    pid = call(435, 435, words, ctypes.c_long(64))
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return True


@probe
def all_capabilities():
    head, data = (ctypes.c_uint * 2)(0x20080522, 0), (ctypes.c_uint * 6)(*[0x1FF, 0xFFFFFFFF, 0] * 2)
    data[0], data[1], data[3], data[4] = 1 << 21, 1 << 21, 0, 0  # SYS_ADMIN
    call(126, 91, head, data)
    return True


@probe
def better_priority():
    os.nice(-5)
    return True


@probe
def never_out_of_memory():
    Path("/proc/self/oom_score_adj").write_text("-900")
    return True


@probe
def more_files_than_allowed():
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))
    except ValueError as error:
        raise PermissionError(errno.EPERM, str(error)) from error
    return True


@probe
def typing_into_the_terminal():
    pid, terminal = pty.fork()
    if pid == 0:
        try:
            fcntl.ioctl(0, termios.TIOCSTI, b"x")
            os._exit(0)
        except OSError as error:
            os._exit(error.errno or 1)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(terminal)
    if code:
        raise OSError(code, os.strerror(code))
    return True
