"""Downloads: digest and size checked, retried with back-off, never left half on disk.

Connections are kept per thread and host. Only http and https; a redirect may not leave https for http.
"""

from __future__ import annotations

import hashlib
import http.client
import ssl
import threading
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from boatyard.base.error import SourceError, TrustError
from boatyard.ports import clock
from boatyard.ports.files import replacing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TIMEOUT_S = 30
ATTEMPTS = 4
MAX_REDIRECTS = 5
CHUNK = 1 << 18


class AbsentError(SourceError):
    """The server answers, and has no such file (HTTP 404 or 410)."""


class Fetcher:
    """Fetches over kept connections; safe to share between threads."""

    def __init__(self) -> None:
        self._local = threading.local()

    def get(self, url: str, *, limit: int) -> bytes:
        """The body at `url`, at most `limit` bytes; SourceError otherwise."""
        for attempt in _attempts(url):
            try:
                return b"".join(self._body(url, limit))
            except (OSError, http.client.HTTPException) as error:
                attempt.failed(error)
        raise AssertionError

    def download(self, url: str, to: Path, *, size: int, sha256: str) -> None:
        """Puts the file at `url` at `to`, when its size (bytes) and SHA-256 (hex) are right; TrustError if not."""
        for attempt in _attempts(url):
            try:
                self._download(url, to, size, sha256)
                return
            except (OSError, http.client.HTTPException) as error:
                attempt.failed(error)

    def _download(self, url: str, to: Path, size: int, sha256: str) -> None:
        with replacing(to) as temporary:
            digest, got = hashlib.sha256(), 0
            with temporary.open("wb") as stream:
                for chunk in self._body(url, size):
                    stream.write(chunk)
                    digest.update(chunk)
                    got += len(chunk)
            if got < size:
                raise http.client.IncompleteRead(b"", size - got)
            if digest.hexdigest() != sha256:
                raise TrustError(
                    f"{url} is not the file that was promised",
                    detail=f"sha256 expected {sha256}\nsha256 received {digest.hexdigest()}",
                    hint="nothing was kept; the mirror is damaged or someone changes files on the way",
                )
            temporary.chmod(0o644)

    def _body(self, url: str, limit: int) -> Iterator[bytes]:
        for _ in range(MAX_REDIRECTS + 1):
            parts = urlsplit(url)
            connection = self._connection(parts.scheme, parts.netloc, url)
            try:
                target = parts.path + (f"?{parts.query}" if parts.query else "")
                connection.request(
                    "GET", target or "/", headers={"User-Agent": "boatyard", "Accept-Encoding": "identity"}
                )
                response = connection.getresponse()
                if response.status in (301, 302, 303, 307, 308):
                    connection.close()
                    url = _redirected(url, response.headers.get("Location", ""))
                    continue
                if response.status in (404, 410):
                    connection.close()
                    raise AbsentError(f"{url}: the server has no such file (HTTP status {response.status})")
                if response.status != 200:
                    connection.close()
                    raise SourceError(
                        f"{url}: HTTP status {response.status} {response.reason}",
                        temporary=response.status in (408, 429, 500, 502, 503, 504),
                    )
                yield from _chunks(url, response, limit)
                return
            except BaseException:
                connection.close()
                raise
        raise SourceError(f"{url}: more than {MAX_REDIRECTS} redirects")

    def _connection(self, scheme: str, netloc: str, url: str) -> http.client.HTTPConnection:
        if scheme not in ("http", "https") or not netloc:
            raise SourceError(f"{url}: only http and https can be fetched")
        kept: dict[tuple[str, str], http.client.HTTPConnection] = self._local.__dict__.setdefault("kept", {})
        if (scheme, netloc) not in kept:
            if scheme == "https":
                kept[scheme, netloc] = http.client.HTTPSConnection(
                    netloc, timeout=TIMEOUT_S, context=ssl.create_default_context()
                )
            else:
                kept[scheme, netloc] = http.client.HTTPConnection(netloc, timeout=TIMEOUT_S)
        return kept[scheme, netloc]


def _chunks(url: str, response: http.client.HTTPResponse, limit: int) -> Iterator[bytes]:
    got = 0
    while chunk := response.read(CHUNK):
        got += len(chunk)
        if got > limit:
            raise TrustError(f"{url} is longer than the {limit} bytes expected", hint="nothing was kept")
        yield chunk


def _redirected(url: str, location: str) -> str:
    target = urljoin(url, location)
    if urlsplit(url).scheme == "https" and urlsplit(target).scheme != "https":
        raise SourceError(f"{url} redirects to an unsafe address", detail=target)
    return target


class _Attempt:
    def __init__(self, url: str, number: int) -> None:
        self.url, self.number = url, number

    def failed(self, error: Exception) -> None:
        """Waits before the next attempt, or gives up."""
        if self.number + 1 < ATTEMPTS:
            clock.sleep(0.2 * 4**self.number)
            return
        host = urlsplit(self.url).netloc
        raise SourceError(
            f"{host} cannot be reached: {str(error) or type(error).__name__}",
            detail=self.url,
            hint="check the network and the mirror; downloads already made are kept, run the same command again",
            temporary=True,
        ) from error


def _attempts(url: str) -> Iterator[_Attempt]:
    for number in range(ATTEMPTS):
        yield _Attempt(url, number)
