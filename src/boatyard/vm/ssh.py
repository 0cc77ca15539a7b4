"""Commands inside a machine over SSH: a key of its own for every run, the host key pinned, one connection for all.

Ready means that a command has run, not that a port is open: QEMU's network accepts connections for a guest that is
still in its firmware.
"""

from __future__ import annotations

import contextlib
import os
import select
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from boatyard.base.error import ImageError
from boatyard.ports import clock
from boatyard.ports.lease import leased_dir
from boatyard.ports.run import Command, HostRunner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from boatyard.ports.run import Process, Result
    from boatyard.vm.running import RunningMachine

LOGIN_TIMEOUT_S = 300.0
REFUSED_S = 300.0  # by a guest whose SSH server answers: cloud-init, which makes the user, runs before the server
COMMAND_TIMEOUT_S = 120.0
RETRY_S = 1.0
SSH_FAILED = 255
LONGEST_SOCKET = 107  # bytes of a socket's path
CONTROL = "ssh.sock"  # relative to the machine's folder, because of that
# Scripts are no arguments: those are seen by every user of this machine, and may have 128 KiB at most.
FROM_INPUT = 'eval "$(cat)"'
MARK = b"boatyard-ready\n"


class Shell(Protocol):
    """Runs a POSIX shell script in a guest; its exit code is in the result. ImageError when the guest is gone."""

    def __call__(self, script: str, timeout_s: float = COMMAND_TIMEOUT_S) -> Result: ...


@dataclass(frozen=True, slots=True)
class SshKey:
    """A key pair: the private key's file and the public key as OpenSSH writes it."""

    private: Path
    public: str


@contextlib.contextmanager
def ephemeral_key(run: HostRunner, scratch: Path) -> Iterator[SshKey]:
    """A new Ed25519 key that is deleted at the end of the block, or by the next one after a kill."""
    with leased_dir(scratch / "keys") as folder:
        private = folder / "key"
        run(Command(argv=("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "boatyard", "-f", str(private))))
        yield SshKey(private, private.with_suffix(".pub").read_text(encoding="ascii").strip())


@dataclass(frozen=True, slots=True)
class Ssh:
    """A way into one machine. Calling it runs a script; the host key is the one seen at the first login."""

    run: HostRunner
    folder: Path
    port: int
    key: Path
    user: str = "root"

    def argv(self, *options: str) -> tuple[str, ...]:
        """`ssh` with everything but the remote command; nothing of the user's own configuration counts."""
        pairs = (part for name, value in self._settings().items() for part in ("-o", f"{name}={value}"))
        where = ("-S", CONTROL, "-i", str(self.key), "-p", str(self.port), f"{self.user}@127.0.0.1")
        return ("ssh", "-F", "none", *pairs, *options, *where)

    def config(self, host: str) -> str:
        """The way in as an ssh_config(5) file, for other programs that run `ssh host`; they share the connection."""
        place = self.folder.absolute() / CONTROL
        settings = {
            **self._settings(),
            "HostName": "127.0.0.1",
            "Port": str(self.port),
            "User": self.user,
            "IdentityFile": str(self.key.absolute()),
            "UserKnownHostsFile": str(self.folder.absolute() / "known_hosts"),
            "ControlMaster": "no",
            "ControlPath": str(place) if len(bytes(place)) <= LONGEST_SOCKET else "none",
        }
        lines = (f'    {name} "{value.replace("%", "%%")}"\n' for name, value in settings.items())
        return f"Host {host}\n{''.join(lines)}"

    def _settings(self) -> dict[str, str]:
        return {
            "BatchMode": "yes",
            "IdentitiesOnly": "yes",
            "IdentityAgent": "none",
            "UserKnownHostsFile": str(self.folder / "known_hosts"),
            "GlobalKnownHostsFile": "/dev/null",
            "StrictHostKeyChecking": "accept-new",
            "ConnectTimeout": "20",
            "ServerAliveInterval": "15",
            "ServerAliveCountMax": "8",
            "LogLevel": "ERROR",
        }

    def __call__(self, script: str, timeout_s: float = COMMAND_TIMEOUT_S) -> Result:
        result = self.run(
            Command(
                argv=(*self.argv("-o", "ControlMaster=no"), "--", FROM_INPUT),
                cwd=self.folder,
                input=script.encode(),
                ok=tuple(range(256)),
                timeout_s=timeout_s,
            )
        )
        if result.code == SSH_FAILED and result.stderr.strip():  # ssh says why; a script that ends so seldom does
            raise ImageError("the connection to the machine is lost", detail=result.stderr.decode("utf-8", "replace"))
        return result


class LoginError(ImageError):
    """A guest that is up turns the key down, and will not think better of it."""


class Refusals:
    """How long a guest has turned a key down without a break."""

    def __init__(self) -> None:
        self._since: float | None = None

    def heard(self, reason: str, now: float) -> float:
        """The seconds since the first refusal; 0 for any other `reason` that there is no login yet."""
        if "Permission denied" not in reason:
            self._since = None
            return 0.0
        if self._since is None:
            self._since = now
        return now - self._since


@contextlib.contextmanager
def logged_in(vm: RunningMachine, key: Path, user: str = "root", timeout_s: float = LOGIN_TIMEOUT_S) -> Iterator[Ssh]:
    """Logs in as soon as the guest lets us, and keeps that connection for all commands of the block.

    ImageError when nobody could log in within the time (seconds), with ssh's words and the end of the console;
    LoginError when the guest has refused for 300 s, with more time than that.
    """
    refusals = Refusals()
    ssh = Ssh(vm.harbour.run, vm.folder, vm.qmp.forwarded_port(), key, user)
    deadline = clock.monotonic() + timeout_s
    while True:
        with _master(ssh) as master:
            reason = _refusal(master, deadline)
            if not reason:
                yield ssh
                return
        if refusals.heard(reason, clock.monotonic()) > REFUSED_S:
            raise vm.console.failure(f"lets nobody log in over SSH ({reason}, for {REFUSED_S:.0f} s)", LoginError)
        if vm.console.ended or clock.monotonic() + RETRY_S > deadline:
            raise vm.console.failure(f"lets nobody log in over SSH ({reason})")
        clock.sleep(RETRY_S)  # the guest offers no event for "sshd is up"


@contextlib.contextmanager
def _master(ssh: Ssh) -> Iterator[Process]:
    """The connection that the others share. It ends with its input, so no background process can be left over."""
    script = f"printf %s {shlex.quote(MARK.decode())}; exec cat >/dev/null"
    (ssh.folder / CONTROL).unlink(missing_ok=True)
    # The (empty) input makes the runner open a pipe, which stays open.
    with ssh.run.start(Command(argv=(*ssh.argv("-M"), "--", script), cwd=ssh.folder, input=b"")) as process:
        yield process


def _refusal(master: Process, deadline: float) -> str:
    """Empty once the guest has run the script; otherwise why it has not."""
    assert master.stdout is not None and master.stderr is not None
    got = b""
    while MARK not in got:
        left = deadline - clock.monotonic()
        if left <= 0 or not select.select([master.stdout], [], [], left)[0]:
            return "no answer in time"
        data = os.read(master.stdout.fileno(), 1000)
        if not data:
            words = master.stderr.read(4096).decode("utf-8", "replace").strip()
            return words.splitlines()[-1] if words else "the connection was closed"
        got = (got + data)[-1000:]
    return ""
