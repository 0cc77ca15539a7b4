"""Tries to get out of a sandbox, in every way a program can: one function for each, true when it got out.

Standard library only; runs as `python probe.py FACTS`, prints {name: "got it" | why not} as JSON. FACTS is JSON: what
was planted outside. Nothing here does harm where it succeeds: what could is only opened, or asked with arguments that
no kernel accepts once it has decided that the caller may.
"""

import ctypes
import errno
import fcntl
import json
import mmap
import os
import platform
import pty
import resource
import signal
import socket
import stat
import struct
import sys
import tempfile
import termios
import traceback
from pathlib import Path

FACTS = json.loads(sys.argv[1])
SECRET = FACTS["secret"]
LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.syscall.restype = ctypes.c_long
X86 = platform.machine() == "x86_64"
PROBES = {}


def probe(function):
    PROBES[function.__name__] = function
    return function


def call(x86, arm, *words):
    """A system call by its number; OSError when it fails."""
    number = x86 if X86 else arm
    words = [ctypes.c_long(word) if isinstance(word, int) else word for word in words]
    result = LIBC.syscall(ctypes.c_long(number), *words)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def refused_for(wanted, x86, arm, *words):
    """Whether the kernel finds only the arguments wrong, not the caller."""
    try:
        call(x86, arm, *words)
    except OSError as error:
        if error.errno in wanted:
            return True
        raise
    return True


def holds_secret(path):
    with Path(path).open("rb") as stream:
        return SECRET.encode() in stream.read(1 << 20)


def opens(path, flags=os.O_WRONLY):
    os.close(os.open(path, flags | os.O_NONBLOCK))
    return True


def talks(family, kind, address):
    with socket.socket(family, kind) as one:
        one.settimeout(3)
        one.connect(address)
        one.send(b"?")
        return SECRET.encode() in one.recv(200)


# The network


@probe
def tcp_loopback():
    return talks(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", FACTS["port"]))


@probe
def tcp_loopback_v6():
    return talks(socket.AF_INET6, socket.SOCK_STREAM, ("::1", FACTS["port"]))


@probe
def udp_loopback():
    return talks(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", FACTS["port"]))


@probe
def tcp_address_of_the_host():
    return talks(socket.AF_INET, socket.SOCK_STREAM, ("192.0.2.7", FACTS["port"]))


@probe
def cloud_wireserver():
    return talks(socket.AF_INET, socket.SOCK_STREAM, ("168.63.129.16", FACTS["port"]))


@probe
def cloud_metadata():
    return talks(socket.AF_INET, socket.SOCK_STREAM, ("169.254.169.254", FACTS["port"]))


@probe
def resolver_of_the_host():
    return talks(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.53", FACTS["port"]))


@probe
def abstract_unix_socket():
    return talks(socket.AF_UNIX, socket.SOCK_STREAM, "\0" + FACTS["abstract"])


@probe
def docker_socket():
    return talks(socket.AF_UNIX, socket.SOCK_STREAM, FACTS["socket"])


@probe
def packet_socket():
    socket.socket(17, socket.SOCK_RAW, 0).close()
    return True


@probe
def raw_socket():
    socket.socket(socket.AF_INET, socket.SOCK_RAW, 1).close()
    return True


@probe
def vsock_to_the_hypervisor():
    socket.socket(40, socket.SOCK_STREAM).close()
    return True


@probe
def kernel_crypto_socket():
    socket.socket(38, socket.SOCK_SEQPACKET).close()
    return True


@probe
def tun_device():
    return opens("/dev/net/tun", os.O_RDWR)


# Secrets


@probe
def own_environment():
    return holds_secret("/proc/self/environ")


@probe
def environment_of_all_processes():
    found = False
    for place in Path("/proc").glob("[0-9]*/environ"):
        try:
            found = found or holds_secret(place)
        except OSError:
            continue
    return found


@probe
def command_lines_of_all_processes():
    words = FACTS["word"].encode()
    places = [p for p in Path("/proc").glob("[0-9]*/cmdline") if p.parent.name != str(os.getpid())]
    return any(words == word for p in places for word in p.read_bytes().split(b"\0"))


@probe
def private_key_in_home():
    return holds_secret(FACTS["home"] + "/.ssh/id_ed25519")


@probe
def file_in_tmp():
    return holds_secret(FACTS["tmp"])


@probe
def shadow():
    return b":" in Path("/etc/shadow").read_bytes()


@probe
def root_of_the_first_process():
    return holds_secret("/proc/1/root" + FACTS["tmp"])


@probe
def root_of_another_process():
    return holds_secret(f"/proc/{FACTS['pid']}/root" + FACTS["tmp"])


@probe
def inherited_file():
    for number in range(3, 64):
        try:
            if SECRET.encode() in os.pread(number, 1000, 0):
                return True
        except OSError:
            continue
    return False


@probe
def shared_memory_file():
    return holds_secret(FACTS["shm"])


@probe
def shared_memory_system_v():
    return LIBC.shmget(FACTS["key"], 0, 0) >= 0


@probe
def message_queue_posix():
    return LIBC.mq_open(FACTS["queue"].encode(), os.O_RDONLY) >= 0


@probe
def kernel_key():
    call(250, 219, 10, -4, b"user", FACTS["keyname"].encode(), 0)  # KEYCTL_SEARCH in the user's keyring
    return True


@probe
def new_kernel_key():
    call(248, 217, b"user", b"boatyard-probe", b"x", 1, -2)  # in the process's own keyring
    return True


@probe
def kernel_memory():
    return opens("/proc/kcore", os.O_RDONLY)


@probe
def kernel_log_file():
    return opens("/proc/kmsg", os.O_RDONLY)


@probe
def kernel_log_call():
    return call(103, 116, 10, 0, 0) >= 0  # SYSLOG_ACTION_SIZE_BUFFER


@probe
def kernel_log_device():
    return opens("/dev/kmsg", os.O_RDONLY)


# Devices and file systems


def node(kind, major, minor):
    path = f"{folder()}/node"
    os.mknod(path, kind | 0o600, os.makedev(major, minor))
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    os.close(handle)
    return True


@probe
def disk_by_own_node():
    return node(stat.S_IFBLK, *FACTS["disk"])


@probe
def memory_by_own_node():
    return node(stat.S_IFCHR, 1, 1)


@probe
def zero_by_own_node():
    return node(stat.S_IFCHR, 1, 5)


@probe
def disk_of_the_host():
    return any(opens(path, os.O_RDONLY) for path in FACTS["disks"])


@probe
def loop_device():
    return opens("/dev/loop-control", os.O_RDWR)


def mount(source, target, kind, flags=0):
    if LIBC.mount(source, target.encode(), kind, flags, None) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    LIBC.umount2(target.encode(), 2)
    return True


def folder():
    return tempfile.mkdtemp(dir=FACTS["work"])


@probe
def mount_tmpfs():
    return mount(b"tmpfs", folder(), b"tmpfs")


@probe
def mount_proc():
    return mount(b"proc", folder(), b"proc")


@probe
def mount_sysfs():
    return mount(b"sysfs", folder(), b"sysfs")


@probe
def mount_bind():
    return mount(b"/usr", folder(), None, 4096)


@probe
def mount_writable_again():
    if LIBC.mount(None, FACTS["unmount"].encode(), None, 32 | 4096, None) != 0:  # remount, bind, without read-only
        raise OSError(ctypes.get_errno(), "")
    return True


@probe
def mount_of_the_disk():
    for path in FACTS["disks"]:
        mount(path.encode(), folder(), FACTS["fs"].encode(), 1)
        return True
    return False


@probe
def unmount():
    target = FACTS["unmount"]
    if LIBC.umount2(target.encode(), 2) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return True


@probe
def new_mount_calls():
    os.close(call(430, 430, b"tmpfs", 0))  # fsopen
    return True


@probe
def copy_of_the_mounts():
    os.close(call(428, 428, -100, b"/", 0x8001))  # open_tree: clone, recursive
    return True


@probe
def write_to_the_system():
    path = f"/usr/boatyard-probe-{os.getpid()}"
    Path(path).write_text("x")
    Path(path).unlink()
    return True


@probe
def write_to_a_read_only_folder():
    path = FACTS["read_only"] + f"/probe-{os.getpid()}"
    Path(path).write_text("x")
    Path(path).unlink()
    return True


@probe
def file_by_handle():
    class Handle(ctypes.Structure):
        _fields_ = [("size", ctypes.c_uint), ("kind", ctypes.c_int), ("data", ctypes.c_char * 128)]

    handle, number = Handle(128, 0, b""), ctypes.c_int()
    path = FACTS["work"].encode()
    call(303, 264, -100, path, ctypes.byref(handle), ctypes.byref(number), 0)
    here = os.open(FACTS["work"], os.O_RDONLY)
    os.close(call(304, 265, here, ctypes.byref(handle), os.O_RDONLY))
    return True


@probe
def watch_of_all_files():
    os.close(call(300, 262, 0, os.O_RDONLY))
    return True


@probe
def file_of_any_owner():
    path = f"{folder()}/owned"
    Path(path).touch()
    os.chown(path, 3_000_000, 3_000_000)
    return True


# Processes


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


# The kernel


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


def attempt(function):
    """Its outcome, tried in a process of its own."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ours)
        signal.alarm(20)
        try:
            word = "got it" if function() else "nothing"
        except OSError as error:
            word = errno.errorcode.get(error.errno or 0, str(error))
        except BaseException:
            word = traceback.format_exc()
        os.write(theirs, word.encode()[:4000])
        os._exit(0)
    os.close(theirs)
    word = b"".join(iter(lambda: os.read(ours, 4096), b"")).decode() if pid else ""
    os.close(ours)
    os.waitpid(pid, 0)
    return word or "died"


if __name__ == "__main__":
    print(json.dumps({name: attempt(function) for name, function in PROBES.items()}))
