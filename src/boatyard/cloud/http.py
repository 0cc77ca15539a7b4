"""HTTP/1.1 (RFC 9112), the server's side, as values: bytes to requests, responses to bytes. Pure, incremental, bounded.

Strict where leniency would be a hole: one Host header that names the server, no absolute targets, no transfer codings,
one Content-Length of digits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_HEAD = 32 << 10  # the agent's certificate and the URLs of blobs travel in headers
MAX_BODY = 2 << 20
PHRASES = {
    200: "OK",
    202: "Accepted",
    304: "Not Modified",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    410: "Gone",
    413: "Content Too Large",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
}
_LINE = re.compile(rb"([A-Z]{1,16}) (/[\x21-\x7e]*) HTTP/1\.([01])")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e\x80-\xff\t]*?)[ \t]*")
_LENGTH = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Request:
    """A request. Header names are in lower case; `path` is decoded, `query` are decoded pairs in order."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    last: bool = False  # the client wants the connection closed afterwards

    def parameter(self, name: str) -> str:
        """The value of a query parameter, empty when it is not given; names count without regard to case."""
        return next((value for key, value in self.query if key.lower() == name), "")

    def header(self, name: str) -> str:
        return self.headers.get(name, "")


@dataclass(frozen=True, slots=True)
class Response:
    """A response. `delay_s`: how long the server takes; None: it never answers."""

    status: int
    body: bytes = b""
    kind: str = "text/plain"
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float | None = 0.0


class BadRequestError(Exception):
    """Bytes that are no request that is answered; `status` is the answer, after which the connection is closed."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class RequestReader:
    """Takes a connection's bytes in pieces of any size; keeps at most one request's head and body."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[Request]:
        """The requests that are complete now; BadRequestError, after which nothing more can be read."""
        self._rest += data
        requests = []
        while (request := self._next()) is not None:
            requests.append(request)
        return requests

    def _next(self) -> Request | None:
        end = self._rest.find(b"\r\n\r\n", 0, MAX_HEAD + 4)
        if end < 0:
            if len(self._rest) > MAX_HEAD:
                raise BadRequestError(431, "the header is too long")
            return None
        head = parse_head(bytes(self._rest[:end]))
        length = _body_length(head)
        if len(self._rest) < end + 4 + length:
            return None
        body = bytes(self._rest[end + 4 : end + 4 + length])
        del self._rest[: end + 4 + length]
        return Request(head.method, head.path, head.query, head.headers, body, head.last)


def parse_head(data: bytes) -> Request:
    """The request line and headers, without the empty line; BadRequestError."""
    first, *lines = data.split(b"\r\n")
    line = _LINE.fullmatch(first)
    if line is None:
        raise BadRequestError(400, "no request line")
    headers: dict[str, str] = {}
    for text in lines:
        header = _HEADER.fullmatch(text)
        if header is None:
            raise BadRequestError(400, "no header line")
        name = header[1].decode("ascii").lower()
        if name in headers and name in ("host", "content-length", "transfer-encoding", "metadata"):
            raise BadRequestError(400, f"{name} twice")
        headers[name] = header[2].decode("latin-1")
    path, _, query = line[2].decode("ascii").partition("?")
    try:
        pairs = tuple(parse_qsl(query, keep_blank_values=True, max_num_fields=100))
    except ValueError:
        raise BadRequestError(400, "too many parameters") from None
    closes = {word.strip().lower() for word in headers.get("connection", "").split(",")}
    last = "close" in closes or (line[3] == b"0" and "keep-alive" not in closes)
    return Request(line[1].decode("ascii"), unquote(path), pairs, headers, b"", last)


def build_response(response: Response, *, close: bool, head_only: bool = False) -> bytes:
    """The bytes of a response; `head_only` for the answer to HEAD."""
    headers = {
        "Content-Type": response.kind,
        "Content-Length": str(len(response.body)),
        "Server": "Boatyard local cloud (no Azure)",
        **response.headers,
        "Connection": "close" if close else "keep-alive",
    }
    head = f"HTTP/1.1 {response.status} {PHRASES[response.status]}\r\n" + "".join(
        f"{k}: {v}\r\n" for k, v in headers.items()
    )
    return head.encode("latin-1") + b"\r\n" + (b"" if head_only else response.body)


def _body_length(head: Request) -> int:
    if "transfer-encoding" in head.headers:
        raise BadRequestError(501, "transfer codings are not understood")
    text = head.headers.get("content-length", "0")
    if not _LENGTH.fullmatch(text):
        raise BadRequestError(400, "no length")
    if int(text) > MAX_BODY:
        raise BadRequestError(413, "the body is too long")
    return int(text)
