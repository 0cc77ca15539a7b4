"""Stores an object in a memcached of this test's own and reads it back."""

import subprocess
import tempfile
import time
from pathlib import Path

from pymemcache.client.base import Client

with tempfile.TemporaryDirectory() as folder:
    socket = Path(folder, "memcached")
    with subprocess.Popen(["memcached", "-s", socket, "-u", "root"]) as server:
        try:
            for _ in range(100):
                if socket.exists():
                    break
                time.sleep(0.1)
            client = Client(str(socket))
            client.set("boat", "skiff", noreply=False)
            assert client.get("boat") == b"skiff"
            client.close()
        finally:
            server.terminate()
