"""Ctrl-C and SIGTERM in every phase: a word, exit code 130, nothing left running, and the next run goes on."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

import pytest
from tests.flow.held import Held, interrupt
from tests.flow.published import leftovers, published
from tests.flow.small_yard import finish, wait_for, wait_for_none

if TYPE_CHECKING:
    from pathlib import Path

    from tests.flow.conftest import Calm
    from tests.flow.mount import Mounts
    from tests.flow.small_yard import SmallYard
    from tests.web_server import Handler, Web

pytestmark = pytest.mark.tool

PHASES = {
    "make the key": ("gpg", "--generate-key"),
    "build": ("rpmbuild", "-bb"),
    "sign": ("rpmsign", "--addsign"),
    "verify": ("rpmkeys", "--checksig"),
    "compose": ("gpg", "--detach-sign"),
}
SIGNALS = (signal.SIGINT, signal.SIGTERM)


@pytest.mark.parametrize("phase", PHASES)
def test_interrupted_in_a_program(yard: SmallYard, mounts: Mounts, calm: Calm, tmp_path: Path, phase: str) -> None:
    assert yard.run("component", "update", "-a").code == 0
    if phase == "make the key":
        yard.forget_key()
    held = Held(yard, mounts, tmp_path / "sbin", *PHASES[phase])
    number = SIGNALS[list(PHASES).index(phase) % 2]
    interrupt(held.start("repo", "build"), number, tmp_path / "yard")
    assert not (yard.repo / "current").exists()
    held.hold.unlink()
    assert yard.run("repo", "build").code == 0
    assert published(yard.repo) == calm.expected
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("suffix", ["InRelease", "sail_1.2-3_amd64.deb"])
def test_interrupted_in_a_download(yard: SmallYard, web: Web, calm: Calm, tmp_path: Path, suffix: str) -> None:
    """The mirror gives half of a file and falls silent."""
    (path,) = [path for path in web.files if path.endswith(suffix)]
    asked, free = threading.Event(), threading.Event()

    def stall(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(web.files[path])))
        handler.end_headers()
        handler.wfile.write(web.files[path][: len(web.files[path]) // 2])
        handler.wfile.flush()
        asked.set()
        free.wait()

    words = ("component", "update", "-a")
    if suffix.endswith(".deb"):
        assert yard.run(*words).code == 0
        words = ("repo", "build")
    web.behaviours[path] = stall
    process = yard.start(*words)
    try:
        wait_for(lambda: process.poll() is not None or asked.is_set())
        assert process.poll() is None, process.communicate()
        interrupt(process, signal.SIGINT, tmp_path / "yard")
    finally:
        free.set()
    del web.behaviours[path]
    yard.build()
    assert published(yard.repo) == calm.expected


def test_two_signals_in_a_row(yard: SmallYard, mounts: Mounts, calm: Calm, tmp_path: Path) -> None:
    """An impatient user: the second Ctrl-C gives no traceback either."""
    assert yard.run("component", "update", "-a").code == 0
    held = Held(yard, mounts, tmp_path / "sbin", *PHASES["build"])
    process = held.start("repo", "build")
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    done = finish(process)
    assert done.code in (130, -signal.SIGINT)
    assert "Traceback" not in done.err
    wait_for_none(tmp_path / "yard")
    held.hold.unlink()
    assert yard.run("repo", "build").code == 0
    assert published(yard.repo) == calm.expected
