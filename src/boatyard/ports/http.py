"""Downloads: digest and size checked, resumed and retried, never left half on disk.

Connections are kept and shared. Only http and https; a redirect may not leave https for http, nor lead from
elsewhere into this machine or its link-local network (where clouds keep their metadata services).
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import socket
import ssl
import threading
import weakref
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from boatyard.base.error import SourceError, TrustError
from boatyard.ports import clock
from boatyard.ports.files import replacing
from boatyard.ports.route import Route, is_here, is_private, request_for, shown

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping
    from pathlib import Path

MAX_REDIRECTS = 5
REDIRECTS = (301, 302, 303, 307, 308)
BUSY = (408, 429, 500, 502, 503, 504)
MAX_RETRY_AFTER_S = 30
CHUNK = 1 << 18
HEADERS = {"User-Agent": "boatyard", "Accept-Encoding": "identity"}


class AbsentError(SourceError):
    """The server answers, and has no such file (HTTP 404 or 410)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to put up with a server.

    `silence_s`: without a byte. `head_s`: until the headers are there, however they drip. `longest_s`: for a file, with
    all attempts. `slowest`: bytes a second on the average, once `silence_s` have passed. `attempts` for each file, with
    a pause of `pause_s` before the second, and four times longer before each further one.
    """

    silence_s: float = 30
    head_s: float = 90
    longest_s: float = 6 * 3600
    slowest: int = 1000
    attempts: int = 4
    pause_s: float = 0.2


class Fetcher:
    """Fetches over kept connections, through the proxy that `environ` names; safe to share between threads."""

    def __init__(self, patience: Patience | None = None, environ: Mapping[str, str] = os.environ) -> None:
        self._patience = patience or Patience()
        self._environ = environ
        self._lock = threading.Lock()
        self._idle: dict[Route, list[http.client.HTTPConnection]] = {}
        self._closed = threading.Event()
        weakref.finalize(self, _close_all, self._idle)

    def get(self, url: str, *, limit: int) -> bytes:
        """The body at `url`; TrustError when it is longer than `limit` bytes, SourceError when it cannot be had."""
        deadline = self._deadline()
        for attempt in self._attempts(url, deadline):
            try:
                with self._response(url, {}, deadline) as response:
                    return b"".join(self._body(url, response, limit))
            except _BrokenError as error:
                attempt.failed(error)
        raise AssertionError

    def download(self, url: str, to: Path, *, size: int, sha256: str) -> None:
        """Puts the file at `url` at `to`, when its size (bytes) and SHA-256 (hex) are right; TrustError if not."""
        self._download(url, to, "sha256", sha256, size, f"{size} bytes, ", (size,))

    def download_named(self, url: str, to: Path, *, kind: str, digest: str, limit: int) -> None:
        """The same for a file of unknown size, at most `limit` bytes; `kind` of digest as hashlib names it."""
        self._download(url, to, kind, digest, limit, "", range(limit + 1))

    def _download(
        self, url: str, to: Path, kind: str, digest: str, limit: int, promised: str, sizes: Container[int]
    ) -> None:
        with replacing(to) as temporary:
            with temporary.open("wb") as stream:
                part, deadline = _Part(stream, kind), self._deadline()
                for attempt in self._attempts(url, deadline):
                    try:
                        self._append(url, part, limit, deadline)
                        if part.doubtful and (part.got not in sizes or part.digest.hexdigest() != digest):
                            part.forget()
                            raise _BrokenError("the parts that came do not make the file")
                        break
                    except _BrokenError as error:
                        attempt.failed(error)
            if part.got not in sizes or part.digest.hexdigest() != digest:
                raise TrustError(
                    f"{shown(url)} is not the file that was promised",
                    detail=f"expected {promised}{kind} {digest}\n"
                    f"received {part.got} bytes, {kind} {part.digest.hexdigest()}",
                    hint="nothing was kept; the mirror is damaged or someone changes files on the way",
                )
            temporary.chmod(0o644)

    def close(self) -> None:
        """Ends downloads at their next chunk and refuses to begin more; for interrupts."""
        self._closed.set()

    def _append(self, url: str, part: _Part, size: int, deadline: float) -> None:
        """Receives what is missing of a part; the whole file again when the server cannot give the rest of the same."""
        with self._response(url, part.range_headers() if part.got < size else {}, deadline) as response:
            if response.status != 206 or not part.continues(response):
                part.restart(response)
            part.doubtful = response.status == 206 or response.length is None
            for chunk in self._body(url, response, size - part.got):
                part.write(chunk)

    @contextlib.contextmanager
    def _response(self, url: str, headers: dict[str, str], deadline: float) -> Iterator[http.client.HTTPResponse]:
        """The answer that holds the file, after redirects. Its connection is kept when the body was read to the end."""
        for hop in range(MAX_REDIRECTS + 1):
            request = request_for(url, self._environ)
            connection, response, reusable = self._take(request.route), None, False
            try:
                with _breakable():
                    if connection.sock is None:
                        connection.connect()
                    handle = connection.sock
                    if hop and not request.route.proxy and leads_inside(url, str(handle.getpeername()[0])):
                        raise _unsafe(url, f"{request.route.host} is {handle.getpeername()[0]}")
                    with hanging_up(handle, min(self._patience.head_s, deadline - clock.monotonic())):
                        connection.request("GET", request.target, headers={**HEADERS, **request.headers, **headers})
                        response = connection.getresponse()
                if response.status not in REDIRECTS:
                    if response.status != 200 and not (response.status == 206 and "Range" in headers):
                        raise _refusal(url, response)
                    # The socket outlives its connection where the server closes it after the body.
                    with hanging_up(handle, deadline - clock.monotonic()):
                        yield response
                    reusable = response.isclosed()
                    return
                url = redirect_target(url, response.headers.get("Location", ""))
            except _BrokenError:
                self._drop(request.route)  # what was kept beside it may be as dead
                raise
            finally:
                if response is not None:
                    response.close()
                if reusable:
                    self._keep(request.route, connection)
                else:
                    connection.close()
        raise SourceError(f"{shown(url)}: more than {MAX_REDIRECTS} redirects")

    def _body(self, url: str, response: http.client.HTTPResponse, limit: int) -> Iterator[bytes]:
        announced, got, started = response.length, 0, clock.monotonic()
        while announced is None or got < announced:
            if self._closed.is_set():
                raise KeyboardInterrupt
            if max(got, announced or 0) > limit:
                raise TrustError(f"{shown(url)} is longer than the {limit} bytes expected", hint="nothing was kept")
            with _breakable():
                # read1 gives what there is; read would wait for a whole chunk, and never see that a server dawdles.
                chunk = response.read1(CHUNK if announced is None else min(CHUNK, announced - got))
                if not chunk:
                    break
                got += len(chunk)
                seconds = clock.monotonic() - started
                if seconds > self._patience.silence_s and got < self._patience.slowest * seconds:
                    raise TimeoutError(f"slower than {self._patience.slowest} bytes a second")
            yield chunk
        if announced is not None and got < announced:
            raise _BrokenError(f"the connection ended after {got} of {announced} bytes")
        response.close()

    def _take(self, route: Route) -> http.client.HTTPConnection:
        with self._lock:
            idle = self._idle.get(route)
            if idle:
                return idle.pop()
        return route.open(self._patience.silence_s)

    def _keep(self, route: Route, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            self._idle.setdefault(route, []).append(connection)

    def _drop(self, route: Route) -> None:
        with self._lock:
            idle = self._idle.pop(route, [])
        for connection in idle:
            connection.close()

    def _deadline(self) -> float:
        return clock.monotonic() + self._patience.longest_s

    def _attempts(self, url: str, deadline: float) -> Iterator[_Attempt]:
        for number in range(self._patience.attempts):
            if self._closed.is_set():
                raise KeyboardInterrupt
            yield _Attempt(url, number, self._patience, self._closed, deadline)


def _close_all(idle: dict[Route, list[http.client.HTTPConnection]]) -> None:
    for connections in idle.values():
        for connection in connections:
            connection.close()


class _BrokenError(Exception):
    """An attempt failed in a way that another may not. `pause_s`: what the server asks to wait."""

    def __init__(self, message: str, pause_s: float = 0) -> None:
        super().__init__(message)
        self.pause_s = pause_s


class _Attempt:
    def __init__(self, url: str, number: int, patience: Patience, closed: threading.Event, deadline: float) -> None:
        self._url, self._number, self._patience, self._closed = url, number, patience, closed
        self._deadline = deadline

    def failed(self, error: _BrokenError) -> None:
        """Waits before the next attempt, or gives up."""
        pause = max(self._patience.pause_s * 4**self._number, error.pause_s)
        if self._number + 1 < self._patience.attempts and clock.monotonic() + pause < self._deadline:
            self._closed.wait(pause)
            return
        raise SourceError(
            f"{urlsplit(shown(self._url)).netloc} cannot be reached: {error}",
            detail=shown(self._url),
            hint="check the network and the mirror; downloads already made are kept, run the same command again",
            temporary=True,
        ) from error


class _Part:
    """What has been received of a file so far, over several attempts."""

    def __init__(self, stream: IO[bytes], kind: str) -> None:
        self._stream = stream
        self._kind = kind
        self._etag = ""
        self.got = 0
        self.digest = self._no_digest()
        self.doubtful = False  # put together of parts, or of a length that nobody stated

    def range_headers(self) -> dict[str, str]:
        """Asks for the rest, if the file is still the same one (RFC 9110, 13.1.5: only a strong ETag tells that)."""
        if not self.got or not self._etag.startswith('"'):
            return {}
        return {"Range": f"bytes={self.got}-", "If-Range": self._etag}

    def forget(self) -> None:
        """Has the next attempt begin anew."""
        self._etag = ""

    def continues(self, response: http.client.HTTPResponse) -> bool:
        """Whether an answer is the rest of the same file."""
        if response.headers.get("ETag", self._etag) != self._etag:
            return False
        return response.headers.get("Content-Range", "").startswith(f"bytes {self.got}-")

    def restart(self, response: http.client.HTTPResponse) -> None:
        if response.status == 206:
            self._etag = ""
            raise _BrokenError("the server gave another part than the one asked for")
        self._stream.seek(0)
        self._stream.truncate()
        self._etag = response.headers.get("ETag", "")
        self.got, self.digest = 0, self._no_digest()

    def write(self, chunk: bytes) -> None:
        self._stream.write(chunk)
        self.digest.update(chunk)
        self.got += len(chunk)

    def _no_digest(self) -> hashlib._Hash:
        return hashlib.new(self._kind, usedforsecurity=False)  # MD5 of old `sources` files, beside a SHA-512


@contextlib.contextmanager
def _breakable() -> Iterator[None]:
    """Turns what the network can do to us into errors that say whether another attempt makes sense."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise TrustError(
            f"the server's certificate cannot be trusted: {error.verify_message}",
            hint="check this machine's clock and the package ca-certificates",
        ) from error
    except (http.client.InvalidURL, UnicodeError) as error:
        raise SourceError(f"not an address that can be fetched: {error}") from error
    except (OSError, http.client.HTTPException) as error:
        raise _BrokenError(str(error) or type(error).__name__) from error


def _refusal(url: str, response: http.client.HTTPResponse) -> Exception:
    if response.status in (404, 410):
        return AbsentError(f"{shown(url)}: the server has no such file (HTTP status {response.status})")
    if response.status in BUSY:
        wanted = response.headers.get("Retry-After", "")
        pause = min(int(wanted), MAX_RETRY_AFTER_S) if wanted.isdecimal() and len(wanted) < 9 else 0
        return _BrokenError(f"HTTP status {response.status} {response.reason}", pause)
    return SourceError(f"{shown(url)}: HTTP status {response.status} {response.reason}")


def redirect_target(url: str, location: str) -> str:
    """Where a redirect leads; SourceError when that is no place to go."""
    try:
        target = urljoin(url, location)
        before, after = urlsplit(url), urlsplit(target)
        unsafe = after.scheme not in ("http", "https") or (before.scheme, after.scheme) == ("https", "http")
        unsafe = unsafe or (is_here(after.hostname) and not is_here(before.hostname))
        unsafe = unsafe or (is_private(after.hostname) and not is_private(before.hostname))
    except ValueError:
        unsafe, target = True, location
    if unsafe:
        raise _unsafe(url, shown(target)[:500])
    return target


def leads_inside(url: str, peer: str) -> bool:
    """Whether a name that a server redirected to leads into this machine, or to its link-local network."""
    return is_here(peer) and not is_here(urlsplit(url).hostname)


@contextlib.contextmanager
def hanging_up(connection: socket.socket, seconds: float) -> Iterator[None]:
    """Ends a connection that lasts longer. The timeout of a socket begins anew with each byte, and what is read in one
    go (headers, the trailers of a body) may come byte by byte, or never end.
    """
    handle = socket.socket(fileno=os.dup(connection.fileno()))

    def end() -> None:
        with contextlib.suppress(OSError):
            handle.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(seconds, 0), end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        handle.close()


def _unsafe(url: str, why: str) -> SourceError:
    return SourceError(f"{shown(url)} redirects to an unsafe address", detail=why)
