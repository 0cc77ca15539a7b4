"""Gets a file by HTTP or HTTPS: bounded in size, time and redirections, retried while the network comes up."""

from __future__ import annotations

import hashlib
import http.client
import ssl
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from boatyard_installer.error import FetchError

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_S = 120.0
TIMEOUT_S = 15.0
MAX_REDIRECTS = 5
CHUNK = 1 << 16


class _Redirects(urllib.request.HTTPRedirectHandler):
    """At most five, to HTTP and HTTPS only, and never from HTTPS to HTTP."""

    max_redirections = MAX_REDIRECTS

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        before, after = urlsplit(req.full_url).scheme, urlsplit(newurl).scheme
        if after not in ("http", "https") or (before == "https" and after != "https"):
            raise FetchError(f"{req.full_url} leads from {before} to {after or 'nowhere'}, which is refused")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetch(
    url: str,
    limit: int,
    sha256: str = "",
    *,
    patience_s: float = PATIENCE_S,
    sleep: Callable[[float], None] = time.sleep,
    trust: ssl.SSLContext | None = None,
) -> bytes:
    """The bytes at a URL, at most `limit` of them, with that digest (hexadecimal) if one is given.

    What may pass (no address, no route, a server that is busy) is tried again for `patience_s` seconds. FetchError for
    the rest: no such file, an untrusted certificate, another digest. `trust`: the certificates of the system if None.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise FetchError(f"{url} is not an address of http or https")
    opener = urllib.request.build_opener(
        _Redirects, urllib.request.HTTPSHandler(context=trust or ssl.create_default_context())
    )
    end = time.monotonic() + patience_s
    pause = 1.0
    data = None
    while data is None:
        try:
            data = _read(opener, url, limit, end)
        except (OSError, http.client.HTTPException) as error:
            reason = _lasting(url, error)
            if time.monotonic() + pause >= end:
                raise FetchError(f"{url} could not be fetched: {reason}") from error
            sleep(pause)
            pause = min(pause * 2, 10.0)
    if sha256 and (found := hashlib.sha256(data).hexdigest()) != sha256.lower():
        raise FetchError(f"{url} has not the SHA-256 that was asked for", detail=f"it is {found}")
    return data


def _read(opener: urllib.request.OpenerDirector, url: str, limit: int, end: float) -> bytes:
    request = urllib.request.Request(url, headers={"User-Agent": "boatyard-installer"})  # noqa: S310 - http(s) only
    with opener.open(request, timeout=TIMEOUT_S) as got:
        data = bytearray()
        while part := got.read(min(CHUNK, limit + 1 - len(data))):
            data += part
            if len(data) > limit:
                raise FetchError(f"{url} has more than {limit} bytes")
            # A server that sends a byte now and then keeps every single read in time.
            if time.monotonic() > end:
                raise FetchError(f"{url} is sent too slowly")
        if got.length:  # read() gives what there is when the connection ends early
            raise http.client.IncompleteRead(bytes(data), got.length)
        return bytes(data)


def _lasting(url: str, error: Exception) -> str:
    """Why it failed, in words; FetchError when trying again is of no use."""
    if isinstance(error, urllib.error.HTTPError):
        if error.code < 500 and error.code not in (408, 425, 429):
            raise FetchError(f"{url}: the server answers {error.code} {error.reason}") from error
        return f"the server answers {error.code}"
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        raise FetchError(
            f"{url}: the certificate is not trusted: {cause.verify_message}",
            hint="is the machine's clock right? For http with boatyard.answers.sha256= no certificate is needed",
        ) from error
    return str(cause) or type(cause).__name__
