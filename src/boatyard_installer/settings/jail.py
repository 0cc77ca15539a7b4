"""The inside of the sandbox: started by unshare(1) as the first process of its namespaces, becomes what it runs.

jail.py script ROOT INTERPRETER: the script comes by standard input; the root becomes all that there is.
jail.py program ROOT PROGRAM ...: the live system stays in sight; the root gets its private /dev, /proc, /run, /tmp.

A file of its own that imports nothing of the package, so that Python's isolated mode (-I) can start it.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

# mount(2), umount(2)
NOSUID, NODEV, NOEXEC, READ_ONLY, REMOUNT, BIND, REC, PRIVATE = 2, 4, 8, 1, 32, 4096, 16384, 1 << 18
DETACH = 2
# capabilities(7): what file owners, service accounts and package scripts need. Nothing of mounts, devices, kernels,
# networks, tracing.
CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID, SETUID, SYS_CHROOT, SETFCAP = 0, 1, 3, 4, 5, 6, 7, 18, 31
KEPT = (CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID, SETUID, SETFCAP)
CAPSET_VERSION = 0x20080522
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 24, 38, 47, 4
DEVICES = ("null", "zero", "full", "random", "urandom")
# Files that change the running kernel and ask for no capability, only for uid 0.
KERNEL_FILES = ("sys", "sysrq-trigger", "irq", "bus", "fs", "acpi", "scsi", "driver", "mtrr", "dynamic_debug")
SCRIPT = "/tmp/boatyard-script"  # noqa: S108  # in a tmpfs of its own
CAGE = "/tmp"  # noqa: S108  # any folder of the live system, which is out of sight then
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41, "riscv64": 41, "ppc64le": 203, "s390x": 217}

libc = ctypes.CDLL(None, use_errno=True)


def main(kind: str, root: str, *argv: str) -> None:
    """Shuts itself in and becomes the program."""
    if kind == "program":
        furnish(Path(root))
        drop_rights((*KEPT, SYS_CHROOT))
        os.execvp(argv[0], argv)  # noqa: S606
    content = sys.stdin.buffer.read()
    os.chdir(root)
    furnish(Path())
    enter()
    drop_rights(KEPT)
    with open(os.open(SCRIPT, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o700), "wb") as stream:  # noqa: PTH123
        stream.write(content)
    os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
    os.execv(argv[0], (argv[0], SCRIPT))  # noqa: S606


def furnish(root: Path) -> None:
    """Private /dev, /proc, /run and /tmp in the root; what is not there as a folder is an error."""
    for name in ("dev", "proc", "run", "tmp"):
        if (root / name).is_symlink():
            raise OSError(f"/{name} is a link")
        (root / name).mkdir(exist_ok=True)
    mount("tmpfs", f"{root}/run", "tmpfs", NOSUID | NODEV, "mode=0755")
    mount("tmpfs", f"{root}/tmp", "tmpfs", NOSUID | NODEV, "mode=1777")  # noqa: S108
    mount("tmpfs", f"{root}/dev", "tmpfs", NOSUID | NODEV | NOEXEC, "mode=0755")
    for name in DEVICES:
        (root / "dev" / name).touch()
        mount(f"/dev/{name}", f"{root}/dev/{name}", "", BIND)
    (root / "dev/shm").mkdir()
    (root / "dev/shm").chmod(0o1777)
    for name, target in (("fd", "fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        (root / "dev" / name).symlink_to(f"/proc/self/{target}")
    mount("proc", f"{root}/proc", "proc", NOSUID | NODEV | NOEXEC)
    for name in KERNEL_FILES:
        path = f"{root}/proc/{name}"
        if Path(path).exists():
            mount(path, path, "", BIND | REC)
            mount("", path, "", REMOUNT | BIND | READ_ONLY | NOSUID | NODEV | NOEXEC)


def enter() -> None:
    """Makes the current folder all that can be reached, inside an empty file system that is the namespace's root.

    As the root of the process is not that of its namespace, the kernel makes no user namespaces for it
    (user_namespaces(7)), in which it would have all capabilities again.
    """
    mount("tmpfs", CAGE, "tmpfs", NOSUID | NODEV | NOEXEC, "mode=0700")
    inside = Path(CAGE, "root")
    inside.mkdir()
    mount(".", str(inside), "", BIND | REC)
    mount("", str(inside), "", REMOUNT | BIND | NODEV)
    os.chdir(CAGE)
    check(libc.syscall(PIVOT_ROOT[os.uname().machine], b".", b"."), "pivot_root")
    check(libc.umount2(b".", DETACH), "umount")
    os.chroot("/root")
    os.chdir("/")


def drop_rights(kept: tuple[int, ...]) -> None:
    """Leaves only some capabilities to this process and to all that it starts."""
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    for number in range(last + 1):
        if number not in kept:
            check(libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0), "prctl")
    check(libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "prctl")
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")
    low = sum(1 << number for number in kept)
    header = (ctypes.c_uint32 * 2)(CAPSET_VERSION, 0)
    check(libc.capset(header, (ctypes.c_uint32 * 6)(low, low, 0, 0, 0, 0)), "capset")


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    """mount(2)."""
    check(libc.mount(source.encode(), target.encode(), kind.encode(), flags, options.encode()), f"mount {target}")


def check(result: int, what: str) -> None:
    """OSError for a call that failed."""
    if result:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as error:
        sys.exit(f"sandbox: {error}")
