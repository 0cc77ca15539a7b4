"""Sockets for programs that Boatyard starts, and folders that vanish with their owner."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from boatyard.ports.lease import leased_dir
from boatyard.ports.socket import listening

if TYPE_CHECKING:
    from pathlib import Path

CONNECT = "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect('s'); s.sendall(b'hello'); print(s.recv(9))"
HOLD = """
import sys
from pathlib import Path
from boatyard.ports.lease import leased_dir
with leased_dir(Path(sys.argv[1])) as folder:
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a path too long for a socket's address."""
    path = tmp_path / ("x" * 120)
    path.mkdir()
    return path


def test_a_program_connects_and_talks(folder: Path) -> None:
    with listening(folder, "s") as listener:
        assert stat.S_IMODE((folder / "s").stat().st_mode) == 0o600
        with subprocess.Popen([sys.executable, "-c", CONNECT], cwd=folder, stdout=subprocess.PIPE) as process:
            stream = listener.accept(process.pid, 60)
            assert stream is not None
            assert stream.receive(60) == b"hello"
            with pytest.raises(TimeoutError):
                stream.receive(0)
            stream.send(b"back")
            assert process.communicate()[0] == b"b'back'\n"
            assert stream.receive(60) == b""
            stream.close()
    assert not (folder / "s").exists()


def test_a_program_that_ends_is_not_waited_for(folder: Path) -> None:
    with listening(folder, "s") as listener, subprocess.Popen([sys.executable, "-c", ""]) as process:
        assert listener.accept(process.pid, 600) is None


def test_time_is_up(folder: Path) -> None:
    with listening(folder, "s") as listener:
        assert listener.accept(os.getpid(), 0.01) is None


def test_hanging_up_wakes_who_waits(folder: Path) -> None:
    with listening(folder, "s") as listener, socket.socket(socket.AF_UNIX) as other:
        handle = os.open(folder, os.O_DIRECTORY)
        other.connect(f"/proc/self/fd/{handle}/s")
        os.close(handle)
        stream = listener.accept(os.getpid(), 60)
        assert stream is not None
        got: list[bytes] = []
        thread = threading.Thread(target=lambda: got.append(stream.receive()))
        thread.start()
        stream.hang_up()
        thread.join(60)
        assert got == [b""]
        stream.close()


def test_a_leased_folder_is_private_and_goes(tmp_path: Path) -> None:
    with leased_dir(tmp_path / "runs") as one, leased_dir(tmp_path / "runs") as two:
        assert one != two
        assert stat.S_IMODE(one.stat().st_mode) == 0o700
    assert not one.exists()
    assert not two.exists()


def test_the_folder_of_a_killed_process_is_swept_and_no_other(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        theirs = tmp_path / process.stdout.readline().strip().rpartition("/")[2]
        with leased_dir(tmp_path):
            assert theirs.exists()
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert theirs.exists()
    with leased_dir(tmp_path):
        assert not theirs.exists()
