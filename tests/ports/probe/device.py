"""Probes of devices, mounts and files that are not the sandbox's own."""

import ctypes
import os
import stat
from pathlib import Path

from attempt import FACTS, LIBC, call, folder, opens, probe


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
