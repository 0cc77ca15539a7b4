"""Moto, a server that speaks S3, on a port of this machine. It believes whoever comes."""

from __future__ import annotations

import contextlib
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
from tests.build.azurite import CONTAINER, START_S, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = Path(__file__).parents[2] / ".tools/moto/bin/moto_server"


@dataclass(frozen=True)
class Moto:
    """A server with one empty bucket."""

    port: int

    def environment(self) -> dict[str, str]:
        """What clients are told."""
        plain = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "AWS_"))}
        names = {"ENDPOINT_URL": f"http://127.0.0.1:{self.port}", "REGION": "us-east-1"}
        names |= {"ACCESS_KEY_ID": "anybody", "SECRET_ACCESS_KEY": "anything"}
        return plain | {f"AWS_{name}": value for name, value in names.items()}

    def make_bucket(self, name: str = CONTAINER) -> None:
        """Makes an empty bucket."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        who = "AWS4-HMAC-SHA256 Credential=anybody/20260101/us-east-1/s3/aws4_request"
        connection.request("PUT", f"/{name}", headers={"Authorization": who})
        status = connection.getresponse().status
        connection.close()
        assert status == 200, status


@contextlib.contextmanager
def running_moto(folder: Path) -> Iterator[Moto]:
    """A server that runs as long as the block; the test is skipped where it is not installed."""
    if not PROGRAM.exists():
        pytest.skip("Moto is not installed: tools/setup --tests")
    server, log = Moto(free_port()), folder / "log"
    with log.open("wb") as stream:
        argv = [str(PROGRAM), "-H", "127.0.0.1", "-p", str(server.port)]
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream)
    try:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", server.port), timeout=1):
                break
            time.sleep(0.1)
        else:
            raise AssertionError(f"Moto does not start: {log.read_text()[-2000:]}")
        server.make_bucket()
        yield server
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=60)
