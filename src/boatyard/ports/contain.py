"""Starts bubblewrap in a user namespace with a range of users, in which even root has no power over the host.

A program of its own, standard library only, because it changes the process it runs in:
`python -I -S contain.py SPEC bwrap …`. SPEC is JSON:
- `first`, `count`: the host's numbers of the users inside; `user`: who the program runs as;
- `cgroups`: the `cgroup.procs` files to enter; `rlimits`: by name, as in `resource.RLIMIT_*`;
- `own`: folders, each with the user inside that it is given to.

What bubblewrap binds is first bound below a folder of an own mount namespace: users of the range may not pass the
host's private folders (a home folder of mode 0700). Started by an ordinary user, the users of the range are those that
/etc/subuid gives it; newuidmap (of the package uidmap or shadow-utils) writes their map.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import pwd
import resource
import select
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID = 0x00020000, 0x10000000, 0x20000000
MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 0x1000, 0x4000, 0x40000
PR_SET_PDEATHSIG = 1
STAGE = "/tmp"  # noqa: S108 - hidden by an own tmpfs, in an own mount namespace
BINDS = ("--bind", "--ro-bind", "--ro-bind-try")
FAILED = 125
READY = b"1"


def main() -> None:
    """Becomes bubblewrap; ends with 125 and one line on standard error when the machine does not let it."""
    try:
        spec = json.loads(sys.argv[1])
        start(spec, sys.argv[2:])
    except OSError as error:
        print(f"boatyard: the sandbox cannot be made: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(FAILED)


def start(spec: dict[str, Any], argv: list[str]) -> None:
    """Replaces this process by bubblewrap (`argv`), in the namespaces of a specification."""
    for procs in spec["cgroups"]:
        Path(procs).write_text("0")  # 0: the process that writes
    with contextlib.suppress(OSError):  # what is built is ended before what builds
        Path("/proc/self/oom_score_adj").write_text("800")
    os.umask(0o022)
    if os.geteuid() != 0:
        # The user itself, root of the range, stays outside of the sandbox as root of the host does.
        spec = spec | {"first": 1, "count": _become_root_of_range(spec["count"]) - 1}
    for path, user in spec["own"]:
        os.chown(path, spec["first"] + user, spec["first"] + user)
    namespace = _user_namespace(lambda child: _write_map(child, spec["first"], spec["count"]))
    _guard()
    system_calls = _filter()  # before our own modules may be hidden: they can be below the stage
    argv = _stage(argv)
    for name, value in spec["rlimits"].items():
        kind = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(kind)[1]
        allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (allowed, allowed))
    options = ["--seccomp", str(system_calls)]
    if spec["user"] == 0:
        # bwrap takes root of the host for the user that it is to become, and would stay what it was.
        _become_root(namespace)
    else:
        options += ["--userns", str(namespace), "--uid", str(spec["user"]), "--gid", str(spec["user"])]
    os.execvp(argv[0], [argv[0], *options, *argv[1:]])  # noqa: S606 - with the search path of ports.run


def _guard() -> None:
    """Goes on in a child of the first process of a new PID namespace, which ends when this process does.

    All that is in a PID namespace ends with its first process. The one that bubblewrap makes would not be told of our
    end: the kernel forgets what a process wants to be told of when it changes its user, as that one does for builds.
    """
    ended, alive = os.pipe()
    _check(_libc().unshare(CLONE_NEWPID), "unshare")
    guard = os.fork()
    if guard != 0:
        os.close(ended)
        os._exit(_exit_code(guard))  # `alive` is open until then
    os.close(alive)
    _check(_libc().prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "prctl")
    if select.select([ended], [], [], 0)[0]:
        os._exit(FAILED)  # it ended before we asked to be told
    worker = os.fork()
    if worker != 0:
        os._exit(_exit_code(worker))
    os.close(ended)


def _exit_code(child: int) -> int:
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code if code >= 0 else 128 - code


def _become_root(namespace: int) -> None:
    _check(_libc().setns(namespace, CLONE_NEWUSER), "setns")
    os.close(namespace)
    os.setgroups([])
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)


def _become_root_of_range(most: int) -> int:
    """Makes this process, of an ordinary user, root of a namespace with the users of /etc/subuid; their number."""
    parent, given = os.getppid(), 0

    def write_map(child: int) -> None:
        nonlocal given
        given = min(_call_newidmap(child, name, most) for name in ("uid", "gid"))

    _become_root(_user_namespace(write_map))
    _check(_libc().prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "prctl")  # another user lost it
    if os.getppid() != parent:
        os._exit(FAILED)
    return given


def _filter() -> int:
    """A file with the filter of system calls."""
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from boatyard.ports.seccomp import seccomp_filter

    handle = os.memfd_create("seccomp", 0)
    os.write(handle, seccomp_filter(os.uname().machine))
    os.lseek(handle, 0, os.SEEK_SET)
    return handle


def _user_namespace(write_map: Callable[[int], None]) -> int:
    """A new user namespace, as an open file. A process lives in it until its users are mapped."""
    ours, theirs = os.pipe()
    mapped, done = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        os.close(done)
        try:
            _check(_libc().unshare(CLONE_NEWUSER), "unshare")
            os.write(theirs, READY)
            os.read(mapped, 1)  # until the other end is closed
        finally:
            os._exit(0)
    os.close(theirs)
    os.close(mapped)
    try:
        if os.read(ours, 1) != READY:
            raise OSError("no user namespace; is user.max_user_namespaces 0, or are they restricted?")
        write_map(child)
        handle = os.open(f"/proc/{child}/ns/user", os.O_RDONLY)
        os.set_inheritable(handle, True)
        return handle
    finally:
        os.close(done)
        os.close(ours)
        os.waitpid(child, 0)


def _write_map(child: int, first: int, count: int) -> None:
    for name in ("uid_map", "gid_map"):
        Path(f"/proc/{child}/{name}").write_text(f"0 {first} {count}\n")


def _call_newidmap(child: int, kind: str, most: int) -> int:
    """Maps the own user to root and those of /etc/subuid (or subgid) to 1 and up; how many there are."""
    own = os.getuid() if kind == "uid" else os.getgid()
    source = Path(f"/etc/sub{kind}")
    first, count = _subordinate(source)
    count = min(count, most - 1)
    program = f"new{kind}map"
    words = [program, str(child), "0", str(own), "1", "1", str(first), str(count)]
    if os.spawnvp(os.P_WAIT, program, words) != 0:  # noqa: S606
        raise OSError(f"{program} (of the package uidmap or shadow-utils) does not map the users of {source}")
    return count + 1


def _subordinate(source: Path) -> tuple[int, int]:
    """The first range of numbers that /etc/subuid or /etc/subgid gives the user."""
    names = (str(os.getuid()), pwd.getpwuid(os.getuid()).pw_name)
    for line in source.read_text().splitlines():
        name, _, rest = line.partition(":")
        first, _, count = rest.partition(":")
        if name in names and first.isdigit() and count.isdigit():
            return int(first), int(count)
    raise OSError(f"{source} gives you no range of users; `usermod --add-subuids` and `--add-subgids` do")


def _stage(argv: list[str]) -> list[str]:
    """The arguments with each source of a bind below STAGE, where users of the range may pass."""
    libc = _libc()
    _check(libc.unshare(CLONE_NEWNS), "unshare")
    _check(libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None), "mount")
    end = argv.index("--")
    places = [place for place in range(end) if argv[place] in BINDS]
    sources = {place + 1: os.open(argv[place + 1], os.O_PATH) for place in places if Path(argv[place + 1]).exists()}
    _check(libc.mount(b"tmpfs", STAGE.encode(), b"tmpfs", MS_NOSUID | MS_NODEV, b"mode=0755"), "mount")
    staged = list(argv)
    for place, handle in sources.items():
        target = Path(STAGE) / str(place)
        if Path(f"/proc/self/fd/{handle}").is_dir():
            target.mkdir()
        else:
            target.touch()
        told = libc.mount(f"/proc/self/fd/{handle}".encode(), str(target).encode(), None, MS_BIND | MS_REC, None)
        _check(told, f"mount {argv[place]}")
        os.close(handle)
        staged[place] = str(target)
    return staged


def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def _check(code: int, call: str) -> None:
    if code != 0:
        raise OSError(ctypes.get_errno(), f"{call}: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    main()
