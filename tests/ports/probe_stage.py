"""Plants secrets and servers, tries all probes outside of the sandbox, then inside; prints the outcomes as JSON.

A program of its own: it lives in namespaces of its own (network, mounts, host name), so that addresses of the cloud
can be served and nothing that a probe does outside stays. `python probe_stage.py FOLDER`, as root.
"""

import ctypes
import json
import os
import secrets
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from boatyard.ports.limits import Bounds, run_limited
from boatyard.ports.run import Command, HostRunner
from boatyard.ports.sandbox import Sandbox

LIBC = ctypes.CDLL(None, use_errno=True)
ADDRESSES = ("127.0.0.53/32", "168.63.129.16/32", "169.254.169.254/32", "192.0.2.7/32")
PROBE = Path(__file__).with_name("probe")
PYTHON = Path(sys.base_prefix)
MIB = 1 << 20
CLEAN: list[Callable[[], object]] = []


def main(place: Path) -> None:
    assert LIBC.unshare(0x40000000 | 0x20000 | 0x04000000) == 0
    assert LIBC.mount(None, b"/", None, 0x4000 | 0x40000, None) == 0
    for words in (("link", "set", "lo", "up"), *(("addr", "add", address, "dev", "lo") for address in ADDRESSES)):
        subprocess.run(["ip", *words], check=True)
    facts = plant(place)
    outside = dict(facts, work=str(place / "outside"), unmount=str(place / "mounted"))
    (place / "outside").mkdir()
    (place / "mounted").mkdir()
    assert LIBC.mount(b"tmpfs", str(place / "mounted").encode(), b"tmpfs", 0, None) == 0
    secret_file = os.open(place / "secret", os.O_RDONLY)
    told = subprocess.run(
        [sys.executable, PROBE, json.dumps(outside)],
        env={"SECRET": facts["secret"], "PATH": os.environ["PATH"]},
        pass_fds=[secret_file], capture_output=True, check=False,
    )  # fmt: skip
    os.set_inheritable(secret_file, True)  # a mistake of the caller must not reach the sandbox
    outcomes = {"outside": json.loads(told.stdout or b"{}"), "stderr": told.stderr.decode()}
    for user, name in ((0, "root"), (1000, "builder")):
        work = place / name
        work.mkdir()
        inside = dict(facts, work="/w", unmount="/usr", read_only="/probes", secret=facts["secret"])
        sandbox = Sandbox(read_only=((PROBE, "/probes"), (PYTHON, str(PYTHON))), writable=((work, "/w"),), user=user)
        # In a file, as the secret itself must not be in the environment or the words of the probe's own process.
        log = place / f"{name}.log"
        command = Command(argv=(str(PYTHON / "bin/python3"), "/probes", json.dumps(inside)), log=log)
        bounds = Bounds(memory=1 << 30, processes=200, disk=100 * MIB, seconds=300, silent_s=300)
        ended = run_limited(HostRunner(), sandbox, command, bounds)
        line = next((line for line in ended.tail.splitlines() if line.startswith("{")), "")
        outcomes[name] = json.loads(line) if line else {"failed": ended.tail}
        outcomes[f"{name} left"] = [
            str(path) for path in work.rglob("*") if path.lstat().st_uid == 0 or path.lstat().st_gid == 0
        ]
    print(json.dumps(outcomes))


def plant(place: Path) -> dict[str, object]:
    """Secrets where hosts have them, and servers that tell one to whoever asks."""
    secret = f"canary-{secrets.token_hex(8)}"
    os.environ["AWS_SECRET_ACCESS_KEY"] = os.environ["SECRET"] = secret
    for name in ("secret", "home/.ssh/id_ed25519"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(secret)
    in_tmp, shm = Path(f"/tmp/{secret}"), Path(f"/dev/shm/{secret}")
    for path in (in_tmp, shm):
        path.write_text(secret)
    word = f"word-{secrets.token_hex(8)}"
    other = subprocess.Popen(
        ["sh", "-c", "read line", word], env={"SECRET": secret}, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    serve(secret, place)
    key = secrets.randbelow(1 << 30) + 1
    shared = LIBC.shmget(key, 4096, 0o1666)
    LIBC.mq_open(f"/{secret}".encode(), os.O_RDWR | os.O_CREAT, 0o666, None)
    add_key, keyctl = (248, 250) if os.uname().machine == "x86_64" else (217, 219)
    number = LIBC.syscall(add_key, b"user", secret.encode(), b"x", 1, -4)
    CLEAN.extend((
        in_tmp.unlink, shm.unlink, other.kill,
        lambda: LIBC.shmctl(shared, 0, None),
        lambda: LIBC.mq_unlink(f"/{secret}".encode()),
        lambda: LIBC.syscall(keyctl, 9, number, -4),
    ))  # fmt: skip
    device = place.stat().st_dev
    disks, kind = disk_of(place)
    return {
        "secret": secret, "port": 7777, "abstract": secret, "socket": str(place / "docker.sock"), "pid": other.pid,
        "word": word, "home": str(place / "home"), "tmp": str(in_tmp), "shm": str(shm), "key": key,
        "queue": f"/{secret}", "keyname": secret, "disk": [os.major(device), os.minor(device)], "disks": disks,
        "fs": kind, "read_only": str(place / "outside"),
    }  # fmt: skip


def disk_of(place: Path) -> tuple[list[str], str]:
    """The device nodes of block devices with a file system that is mounted, and its kind."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        device, _, kind = line.split()[:3]
        if device.startswith("/dev/") and Path(device).is_block_device():
            return [device], kind
    return [], ""


def serve(secret: str, place: Path) -> None:
    def stream(family: int, address: object) -> None:
        server = socket.socket(family, socket.SOCK_STREAM)
        server.bind(address)
        server.listen()

        def answer() -> None:
            while True:
                with server.accept()[0] as one:
                    one.recv(1)
                    one.sendall(secret.encode())

        threading.Thread(target=answer, daemon=True).start()

    def datagram(address: object) -> None:
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(address)

        def answer() -> None:
            while True:
                server.sendto(secret.encode(), server.recvfrom(100)[1])

        threading.Thread(target=answer, daemon=True).start()

    stream(socket.AF_INET, ("0.0.0.0", 7777))
    stream(socket.AF_INET6, ("::1", 7777))
    stream(socket.AF_UNIX, "\0" + secret)
    stream(socket.AF_UNIX, str(place / "docker.sock"))
    datagram(("127.0.0.1", 7777))
    datagram(("127.0.0.53", 7777))


if __name__ == "__main__":
    code = 1
    try:
        main(Path(sys.argv[1]))
        code = 0
    finally:
        sys.stdout.flush()
        for clean in CLEAN:
            clean()
        os._exit(code)  # the servers' threads never end
