"""A dist-git host made by a test: real git repositories, served from files or by `git http-backend` on loopback."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from boatyard.ports.run import Command

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from boatyard.ports.run import HostRunner

BRANCH = "f43"
DAY_ONE = "2026-01-01T00:00:00Z"


@dataclass
class Forge:
    """`root` holds `<package>.git`; `requests`: what was asked over HTTP, in order."""

    root: Path
    run: HostRunner
    url: str = ""
    requests: list[str] = field(default_factory=list)

    def git(self, package: str, *words: str, date: str = DAY_ONE, given: bytes | None = None) -> str:
        env = {
            "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org", "GIT_AUTHOR_DATE": date,
            "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.org", "GIT_COMMITTER_DATE": date,
            "GIT_CONFIG_NOSYSTEM": "1",
        }  # fmt: skip
        git_dir = self.root / f"{package}.git"
        argv = ("git", f"--git-dir={git_dir}", *words)
        return self.run(Command(argv=argv, env=env, input=given)).text.strip()

    def make(self, package: str, *, partial: bool = True) -> None:
        self.root.mkdir(exist_ok=True)
        self.git(package, "init", "-q", "--bare", "-b", BRANCH, str(self.root / f"{package}.git"))
        self.git(package, "config", "uploadpack.allowFilter", "true" if partial else "false")

    def commit(
        self, package: str, files: Mapping[str, str | bytes], *, date: str = DAY_ONE, branch: str = BRANCH,
        parents: tuple[str, ...] | None = None, modes: Mapping[str, str] | None = None,
        blobs: Mapping[str, str] | None = None,
    ) -> str:  # fmt: skip
        """A commit that holds exactly these files; on top of the branch unless `parents` are given."""
        if not (self.root / f"{package}.git").is_dir():
            self.make(package)
        ids = dict(blobs or {})
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            ids[name] = self.git(package, "hash-object", "-w", "--stdin", given=data)
        tree = self.tree(package, ids, modes or {})
        if parents is None:
            ref = self.git(package, "for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")
            parents = (ref,) if ref else ()
        words = [word for parent in parents for word in ("-p", parent)]
        commit = self.git(package, "commit-tree", tree, "-m", f"change of {date}", *words, date=date)
        self.git(package, "update-ref", f"refs/heads/{branch}", commit)
        return commit

    def tree(self, package: str, ids: Mapping[str, str], modes: Mapping[str, str]) -> str:
        """A tree object; hostile names and modes are written as they are."""
        folders: dict[str, dict[str, str]] = {}
        entries: list[tuple[str, str, str]] = []
        for name, blob in ids.items():
            top, slash, rest = name.partition("/")
            if slash and top:
                folders.setdefault(top, {})[rest] = blob
            else:
                entries.append((modes.get(name, "100644"), name, blob))
        for top, below in folders.items():
            inner = {path.partition("/")[2]: mode for path, mode in modes.items() if path.startswith(f"{top}/")}
            entries.append(("40000", top, self.tree(package, below, inner)))
        entries.sort(
            key=lambda entry: (entry[1] + ("/" if entry[0] == "40000" else "")).encode("utf-8", "surrogateescape")
        )
        data = b"".join(
            mode.encode() + b" " + os.fsencode(name) + b"\0" + bytes.fromhex(blob) for mode, name, blob in entries
        )
        return self.git(package, "hash-object", "-t", "tree", "-w", "--literally", "--stdin", given=data)

    @property
    def file_url(self) -> str:
        return f"file://{self.root}/$pkg.git"

    @property
    def http_url(self) -> str:
        return f"{self.url}/$pkg.git"


class _Backend(BaseHTTPRequestHandler):
    forge: Forge

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def _answer(self, body: bytes) -> None:
        path, _, query = self.path.partition("?")
        self.forge.requests.append(f"{self.command} {path}")
        env = {
            "PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": str(self.forge.root), "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command, "PATH_INFO": path, "QUERY_STRING": query, "GIT_CONFIG_NOSYSTEM": "1",
            "CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }  # fmt: skip
        done = subprocess.run(["git", "http-backend"], env=env, input=body, capture_output=True, check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line)
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@contextlib.contextmanager
def serving(forge: Forge) -> Iterator[None]:
    """Serves the repositories over HTTP for the time of the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Backend", (_Backend,), {"forge": forge}))
    server.daemon_threads = True
    forge.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
