"""HTTP of hostile guests: read in any pieces, refused when it could mean two things, bounded."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boatyard.cloud.http import MAX_HEAD, BadRequestError, Request, RequestReader, Response, build_response

POST = b"POST /machine?comp=health HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nX-A:  b \r\n\r\nabc"


def test_requests_are_read_in_any_pieces() -> None:
    for size in (1, 7, 1000):
        reader, found = RequestReader(), []
        data = POST + POST
        for place in range(0, len(data), size):
            found += reader.feed(data[place : place + size])
        assert [request.body for request in found] == [b"abc", b"abc"]
        assert found[0] == Request(
            "POST",
            "/machine",
            (("comp", "health"),),
            {"host": "h", "content-length": "3", "x-a": "b"},
            b"abc",
        )


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET http://169.254.169.254/ HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nA b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n folded: x\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 501),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 413),
        (b"GET /?" + b"&".join(b"a=%d" % i for i in range(200)) + b" HTTP/1.1\r\n\r\n", 400),
        (b"A" * (MAX_HEAD + 1), 431),
    ],
)
def test_what_is_refused(data: bytes, status: int) -> None:
    with pytest.raises(BadRequestError) as error:
        RequestReader().feed(data)
    assert error.value.status == status


def test_who_closes() -> None:
    (old,) = RequestReader().feed(b"GET / HTTP/1.0\r\n\r\n")
    (new,) = RequestReader().feed(b"GET / HTTP/1.1\r\nConnection: Close\r\n\r\n")
    (kept,) = RequestReader().feed(b"GET / HTTP/1.1\r\n\r\n")
    assert (old.last, new.last, kept.last) == (True, True, False)


def test_responses() -> None:
    data = build_response(Response(200, b"x", "text/xml", {"ETag": "1"}), close=True)
    assert data.startswith(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 1\r\n")
    assert data.endswith(b"ETag: 1\r\nConnection: close\r\n\r\nx")
    assert build_response(Response(404, b"x"), close=False, head_only=True).endswith(b"\r\n\r\n")


@settings(deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=20))
def test_any_bytes_are_requests_or_refused(pieces: list[bytes]) -> None:
    reader = RequestReader()
    with contextlib.suppress(BadRequestError):
        for piece in pieces:
            reader.feed(piece)


@settings(deadline=None)
@given(st.text(max_size=40), st.dictionaries(st.text(max_size=10), st.text(max_size=20), max_size=4))
def test_any_request_text_is_survived(target: str, headers: dict[str, str]) -> None:
    lines = [f"GET /{target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    with contextlib.suppress(BadRequestError):
        RequestReader().feed("\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape"))
