"""The body of an answer's event stream, read as it comes: what came in one go is seen in one go."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx2

from . import ahead

MAX_WAITING = 1024
"""Pieces of the body that are read ahead, at most."""


async def join_deltas(response: httpx2.Response) -> None:
    """A response hook of the HTTP client: text is told ahead of the SDK, see `ahead`."""
    plain = "content-encoding" not in response.headers
    told = ahead.current.get()
    if told is not None and plain and response.headers.get("content-type", "").startswith("text/event-stream"):
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = JoinedStream(response.stream, told)


class JoinedStream(httpx2.AsyncByteStream):
    """The same events, fewer where several wait to be read."""

    def __init__(self, stream: httpx2.AsyncByteStream, told: ahead.Ahead) -> None:
        self._stream = stream
        self._ahead = told
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue(MAX_WAITING)
        self._reading: asyncio.Task[None] | None = None
        self._failure: Exception | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self._reading = asyncio.create_task(self._read())
        rest = b""
        while (piece := await self._pieces.get()) is not None:
            rest += b"".join([piece, *self._waiting()])
            # With carriage returns it is none of the servers that are known: theirs to say where an event ends.
            whole, end, rest = rest.rpartition(b"\n\n") if b"\r" not in rest else (rest, b"", b"")
            if given := self._ahead.take(whole + end) if end else whole:
                yield given
        if rest := self._ahead.rest() + rest:
            yield rest
        if self._failure is not None:
            raise self._failure

    async def aclose(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])
        await self._stream.aclose()

    async def _read(self) -> None:
        try:
            async for piece in self._stream:
                await self._pieces.put(piece)
        except Exception as error:  # told where the pieces before it end
            self._failure = error
        await self._pieces.put(None)

    def _waiting(self) -> Iterator[bytes]:
        while not self._pieces.empty():
            if (piece := self._pieces.get_nowait()) is None:
                self._pieces.put_nowait(None)  # the end is for the next round
                return
            yield piece
