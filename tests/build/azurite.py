"""Azurite, a real server that speaks Azure Blob, on a port of this machine; its account and key are public."""

from __future__ import annotations

import base64
import contextlib
import email.utils
import hashlib
import hmac
import http.client
import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

MAIN = Path(__file__).parents[2] / ".tools/azurite/node_modules/azurite/dist/src/blob/main.js"
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
START_S = 120  # node takes seconds, on a busy machine many
CONTAINER = "boatyard"


@dataclass
class Azurite:
    """A server that can be killed and started again with what it has kept in `folder`."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts the server and waits until it answers."""
        log = (self.folder / "log").open("ab")
        with log:
            here = ("--blobHost", "127.0.0.1", "--blobPort", str(self.port))
            self.process = subprocess.Popen(
                ["node", str(MAIN), "--silent", "--location", str(self.folder / "data"), *here],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.1)
        raise AssertionError(f"Azurite does not start: {(self.folder / 'log').read_text()[-2000:]}")

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Ends the server with a signal."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(timeout=60)
            self.process = None

    def environment(self, port: int = 0, **changes: str) -> dict[str, str]:
        """What clients are told, to reach it directly or through a proxy at `port`."""
        endpoint = f"http://127.0.0.1:{port or self.port}/{ACCOUNT}"
        plain = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "AWS_"))}
        names = {"ACCOUNT_NAME": ACCOUNT, "ACCOUNT_KEY": KEY, "ENDPOINT": endpoint} | changes
        return plain | {f"AZURE_STORAGE_{name}": value for name, value in names.items() if value}

    def make_container(self, name: str = CONTAINER) -> None:
        """Makes an empty container (Put Container with a shared key)."""
        headers = {"x-ms-date": email.utils.formatdate(usegmt=True), "x-ms-version": "2021-12-02"}
        lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
        text = f"PUT{chr(10) * 12}{lines}/{ACCOUNT}/{ACCOUNT}/{name}\nrestype:container"
        seal = hmac.new(base64.b64decode(KEY), text.encode(), hashlib.sha256).digest()
        headers |= {"Authorization": f"SharedKey {ACCOUNT}:{base64.b64encode(seal).decode()}", "Content-Length": "0"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("PUT", f"/{ACCOUNT}/{name}?restype=container", headers=headers)
        status = connection.getresponse().status
        connection.close()
        assert status == 201, status


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextlib.contextmanager
def running_azurite(folder: Path) -> Iterator[Azurite]:
    """A server that runs as long as the block; the test is skipped where it is not installed."""
    if not MAIN.exists():
        pytest.skip("Azurite is not installed: tools/setup --tests")
    server = Azurite(folder, free_port())
    server.start()
    try:
        yield server
    finally:
        server.stop(signal.SIGKILL)
