"""A headless browser that shows a page of this machine, driven by the DevTools protocol over a pipe, without a port."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import select
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ANSWER_S = 120.0
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",  # tests may run as root, for whom Chromium has no sandbox
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
# Puts the pipes at 3 and 4, where Chromium looks for them.
STARTER = "import os, sys; [os.dup2(int(sys.argv[at]), at + 2) for at in (1, 2)]; os.execvp(sys.argv[3], sys.argv[3:])"


class Browser:
    """A browser with one tab. `seen`: what it told of its own accord: requests, messages, dialogs, exceptions."""

    def __init__(self, to: int, come: int) -> None:
        self._to, self._from = to, come
        self._buffer = b""
        self._number = 0
        self.seen: list[dict[str, Any]] = []
        self._session = ""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Audits", "DOM", "Accessibility"):
            self.call(f"{domain}.enable")

    def show(self, page: Path, width: int, *, dark: bool = False, height: int = 900, medium: str = "") -> None:
        """Loads the page into a window of this width, and waits until it is there."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media=medium, features=[scheme])
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        self.seen.clear()
        self.call("Page.navigate", url=page.resolve().as_uri())
        self._until(lambda: any(event["method"] == "Page.loadEventFired" for event in self.seen))

    def value(self, script: str) -> Any:
        """The value of an expression in the page."""
        told = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def picture(self, *, whole: bool = True) -> bytes:
        """The page as PNG, all of it or what the window shows."""
        told = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        return base64.b64decode(told["data"])

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Calls a method of the protocol and gives its result."""
        self._number += 1
        number, answers = self._number, []
        message: dict[str, Any] = {"id": number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._to, data) :]

        def answered() -> bool:
            answers.extend(one for one in self.seen if one.get("id") == number)
            return bool(answers)

        self._until(answered)
        self.seen.remove(answers[0])
        assert "error" not in answers[0], (method, answers[0])
        result: dict[str, Any] = answers[0]["result"]
        return result

    def methods(self) -> list[str]:
        """Names of the events so far."""
        return [event.get("method", "") for event in self.seen]

    def _until(self, happened: Callable[[], bool]) -> None:
        deadline = time.monotonic() + ANSWER_S
        while not happened():
            ready, _, _ = select.select([self._from], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, "the browser does not answer"
            data = os.read(self._from, 1 << 20)
            assert data, "the browser has ended"
            *messages, self._buffer = (self._buffer + data).split(b"\0")
            self.seen += map(json.loads, messages)


@contextlib.contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A running browser that keeps its files in `folder`; it ends with the block."""
    (down, to), (come, up) = os.pipe(), os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (down, up)]
    words = [sys.executable, "-c", STARTER, *map(str, high), "chromium", *ARGUMENTS, f"--user-data-dir={folder}"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}
    with (folder / "chromium.log").open("wb") as log:
        process = subprocess.Popen(
            words, pass_fds=high, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    for end in (down, up, *high):
        os.close(end)
    try:
        yield Browser(to, come)
    finally:
        os.close(to)
        os.close(come)
        try:
            process.wait(20)  # it ends when its pipe does
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
