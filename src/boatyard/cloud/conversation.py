"""HTTP over one connection: segments to requests, answers to segments, each in its time. Bounded in what it keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boatyard.cloud.http import BadRequestError, RequestReader, Response, build_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from boatyard.cloud.http import Request
    from boatyard.cloud.packet import Segment
    from boatyard.cloud.tcp import Connection

IDLE_S = 120.0
MAX_WAITING = 16  # requests sent before the first was answered
MAX_UNREAD = 128 << 10  # who does not read is not answered any more


class Conversation:
    """Answers the requests of a connection one after the other, by asking `answer` when it is each one's turn."""

    def __init__(self, connection: Connection, answer: Callable[[Request, float], Response]) -> None:
        self._connection, self._answer = connection, answer
        self._reader = RequestReader()
        self._requests: list[Request] = []
        self._refused: Response | None = None  # said after all requests before it were answered
        self._ready: bytes | None = None  # waits until `_ready_at`
        self._ready_at = 0.0
        self._last = self._closed = self._silent = self._guest_ended = False

    def receive(self, segment: Segment, now: float) -> list[Segment]:
        """Takes a segment; what to send for it."""
        got = self._connection.receive(segment, now)
        self._guest_ended |= got.ended
        if got.data and self._refused is None and not self._last:
            try:
                self._requests += self._reader.feed(got.data)
            except BadRequestError as error:
                self._refused = Response(error.status, str(error).encode())
            if len(self._requests) > MAX_WAITING:
                self._requests, self._refused = self._requests[:MAX_WAITING], Response(429)
        return got.segments + self.go_on(now)

    def go_on(self, now: float) -> list[Segment]:
        """What is due: answers, and what was sent and never acknowledged."""
        while self._ready is not None or self._prepare(now):
            if self._ready is None or self._ready_at > now:
                break
            self._connection.send(self._ready)
            self._connection.active, self._ready = now, None
            self._closed |= self._last
        busy = self._ready is not None or self._requests or self._refused is not None or self._silent
        if self._closed or (self._guest_ended and not busy):
            self._connection.close()
        return self._connection.flush(now)

    def over(self, now: float) -> bool:
        """Whether it can be forgotten: it has ended, or nothing was said for two minutes."""
        idle = now - self._connection.active > IDLE_S and self._ready is None
        return self._connection.over or idle

    @property
    def deadline(self) -> float | None:
        """When `go_on` is to be called next."""
        times = [self._connection.deadline, self._ready_at if self._ready is not None else None]
        return min((time for time in times if time is not None), default=None)

    def _prepare(self, now: float) -> bool:
        """Makes the next answer, if there is something to answer."""
        if self._last or self._silent or self._connection.unread > MAX_UNREAD:
            return False
        if self._requests:
            request = self._requests.pop(0)
            response = self._answer(request, now)
            self._silent, self._last = response.delay_s is None, request.last
            self._ready = build_response(response, close=request.last, head_only=request.method == "HEAD")
            self._ready_at = now + (response.delay_s or 0.0)
            if self._silent:
                self._ready = None
            return not self._silent
        if self._refused is not None:
            self._ready, self._ready_at = build_response(self._refused, close=True), now
            self._refused, self._last = None, True
            return True
        return False
