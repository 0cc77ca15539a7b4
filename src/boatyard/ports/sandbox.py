"""The sandbox that foreign code runs in: bubblewrap with no network, the host read-only, an own /tmp and PID namespace.

Pure: a command in, the same command inside the sandbox out. When Boatyard dies, so does everything in the sandbox.
Three kinds:
- unprivileged (default): an own user namespace, no capability; for tools that read foreign files, and repackaging;
- contained: a range of users that mean nothing on the host, and a filter of system calls (`ports.seccomp`); as `user` 0
  for package transactions into a buildroot, with the few capabilities they need, as `BUILDER` for builds, with none;
- privileged: keeps root's capabilities (chown, chroot, mknod); for package transactions into an image's root.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from boatyard.ports.run import Command

# What programs need of /etc to run at all; nothing there tells a secret.
HOST_ETC = (
    "alternatives", "crypto-policies", "group", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime",
    "magic", "nsswitch.conf", "passwd", "pki/rpm-gpg", "rpm",
)  # fmt: skip
BUILDER = 1000
# Where the users of contained sandboxes begin on the host, when root starts them.
FIRST_USER, USERS = 100_000, 65_536
# What rpm needs to unpack files of any owner and mode, and to run scripts in the root they belong to.
CAPABILITIES = (
    "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
)  # fmt: skip
CONTAIN = Path(__file__).with_name("contain.py")
SHARED_MEMORY, SMALL = 256 << 20, 64 << 20  # bytes of /dev/shm; of /run, /tmp and /var/tmp each


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """What a sandboxed program sees. Pairs are (path on the host, path inside).

    `root`: a root file system that takes the place of the host's; bound writable when `root_writable`.
    `change_root`: a folder inside that programs change root to (package scripts do); it gets its own /proc and /dev.
    Of contained sandboxes only: `user`: who runs the program; writable folders are given to it. `cgroups`: the
    `cgroup.procs` files to enter; `rlimits`: by the names of `resource`, without RLIMIT_ (`ports.limits` gives both).
    """

    read_only: tuple[tuple[Path, str], ...] = ()
    writable: tuple[tuple[Path, str], ...] = ()
    root: Path | None = None
    root_writable: bool = False
    privileged: bool = False
    change_root: str = ""
    contained: bool = False
    user: int = 0
    cgroups: tuple[Path, ...] = ()
    rlimits: tuple[tuple[str, int], ...] = ()

    def with_writable(self, host: Path, inside: str) -> Sandbox:
        return replace(self, writable=(*self.writable, (host, inside)))


def inside(sandbox: Sandbox, command: Command) -> Command:
    """The command as it runs in the sandbox; its `cwd` is a path inside, and so are all paths of its arguments."""
    argv = ["bwrap", "--die-with-parent", "--new-session", "--unshare-pid", "--unshare-net", "--unshare-ipc"]
    argv += ["--unshare-uts", "--hostname", "localhost", "--unshare-cgroup-try"]
    user = BUILDER
    if sandbox.contained:
        user = sandbox.user
        argv = [sys.executable, "-I", "-S", str(CONTAIN), _contained(sandbox), *argv]
        argv += ["--cap-drop", "ALL"]
        for name in CAPABILITIES if user == 0 else ():
            argv += ["--cap-add", f"CAP_{name}"]
    elif sandbox.privileged:
        user = 0
        argv += ["--cap-add", "ALL"]
    else:
        argv += ["--unshare-user", "--uid", str(BUILDER), "--gid", str(BUILDER), "--cap-drop", "ALL"]
    argv += _root(sandbox)
    argv += ["--proc", "/proc", *_dev("/dev", sandbox)]
    argv += [*_tmpfs("/tmp", sandbox), *_tmpfs("/var/tmp", sandbox), *_tmpfs("/run", sandbox)]  # noqa: S108
    # gpg puts the agent's sockets there, so two sandboxes that share a key do not share an agent.
    argv += ["--perms", "0700", "--dir", f"/run/user/{user}"]
    for host, path in sandbox.read_only:
        argv += ["--ro-bind", str(host), path]
    for host, path in sandbox.writable:
        argv += ["--bind", str(host), path]
    if sandbox.change_root:
        argv += ["--proc", f"{sandbox.change_root}/proc", *_dev(f"{sandbox.change_root}/dev", sandbox)]
        for name in ("run", "tmp"):
            argv += _tmpfs(f"{sandbox.change_root}/{name}", sandbox)
    argv += ["--chdir", str(command.cwd or "/"), "--", *command.argv]
    return replace(command, argv=tuple(argv), cwd=None)


def _contained(sandbox: Sandbox) -> str:
    """What `ports.contain` is told."""
    folders = [host for host, _ in sandbox.writable]
    if sandbox.root is not None and sandbox.root_writable:
        folders.append(sandbox.root)
    spec = {
        "first": FIRST_USER,
        "count": USERS,
        "user": sandbox.user,
        "own": [[str(folder), sandbox.user] for folder in folders],
        "cgroups": [str(path) for path in sandbox.cgroups],
        "rlimits": dict(sandbox.rlimits),
    }
    return json.dumps(spec)


def _tmpfs(path: str, sandbox: Sandbox) -> list[str]:
    return [*(["--perms", "1777", "--size", str(SMALL)] if sandbox.contained else []), "--tmpfs", path]


def _dev(path: str, sandbox: Sandbox) -> list[str]:
    if not sandbox.contained:
        return ["--dev", path]
    # /dev is a tmpfs of no set size, so it is closed once its few files are there.
    shared = ["--perms", "1777", "--size", str(SHARED_MEMORY), "--tmpfs", f"{path}/shm"]
    return ["--dev", path, *shared, "--remount-ro", path]


def _root(sandbox: Sandbox) -> list[str]:
    if sandbox.root is not None:
        return ["--bind" if sandbox.root_writable else "--ro-bind", str(sandbox.root), "/"]
    argv = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib64"):
        path = Path("/") / name
        if path.is_symlink():
            argv += ["--symlink", str(path.readlink()), str(path)]
        elif path.exists():
            argv += ["--ro-bind", str(path), str(path)]
    for name in HOST_ETC:
        argv += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    return [*argv, "--tmpfs", "/var", "--dir", "/root"]
