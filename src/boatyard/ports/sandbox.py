"""The sandbox that foreign code runs in: bubblewrap with no network, the host read-only, an own /tmp and PID namespace.

Pure: a command in, the same command inside the sandbox out. When Boatyard dies, so does everything in the sandbox.
Two kinds:
- unprivileged (default): an own user namespace, no capability; for builds and for tools that read foreign files;
- privileged: keeps root's capabilities (chown, chroot, mknod); for package transactions into a root file system.
"""

from __future__ import annotations

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """What a sandboxed program sees. Pairs are (path on the host, path inside).

    `root`: a root file system that takes the place of the host's; bound writable when `root_writable`.
    `change_root`: a folder inside that programs change root to (package scripts do); it gets its own /proc and /dev.
    """

    read_only: tuple[tuple[Path, str], ...] = ()
    writable: tuple[tuple[Path, str], ...] = ()
    root: Path | None = None
    root_writable: bool = False
    privileged: bool = False
    change_root: str = ""

    def with_writable(self, host: Path, inside: str) -> Sandbox:
        return replace(self, writable=(*self.writable, (host, inside)))


def inside(sandbox: Sandbox, command: Command) -> Command:
    """The command as it runs in the sandbox; its `cwd` is a path inside, and so are all paths of its arguments."""
    argv = ["bwrap", "--die-with-parent", "--new-session", "--unshare-pid", "--unshare-net", "--unshare-ipc"]
    argv += ["--unshare-uts", "--hostname", "localhost", "--unshare-cgroup-try"]
    if sandbox.privileged:
        argv += ["--cap-add", "ALL"]
    else:
        argv += ["--unshare-user", "--uid", str(BUILDER), "--gid", str(BUILDER), "--cap-drop", "ALL"]
    argv += _root(sandbox)
    argv += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/var/tmp", "--tmpfs", "/run"]  # noqa: S108
    # gpg puts the agent's sockets there, so two sandboxes that share a key do not share an agent.
    argv += ["--perms", "0700", "--dir", f"/run/user/{0 if sandbox.privileged else BUILDER}"]
    for host, path in sandbox.read_only:
        argv += ["--ro-bind", str(host), path]
    for host, path in sandbox.writable:
        argv += ["--bind", str(host), path]
    if sandbox.change_root:
        argv += ["--proc", f"{sandbox.change_root}/proc", "--dev", f"{sandbox.change_root}/dev"]
        argv += ["--tmpfs", f"{sandbox.change_root}/run", "--tmpfs", f"{sandbox.change_root}/tmp"]  # noqa: S108
    argv += ["--chdir", str(command.cwd or "/"), "--", *command.argv]
    return replace(command, argv=tuple(argv), cwd=None)


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
