"""The body of an answer's event stream on its way to the SDK: text is told, and joined, see `ahead`."""

from collections.abc import AsyncIterator

import httpx2

from . import ahead


async def join_deltas(response: httpx2.Response) -> None:
    """A response hook of the HTTP client."""
    plain = "content-encoding" not in response.headers
    told = ahead.current.get()
    if told is not None and plain and response.headers.get("content-type", "").startswith("text/event-stream"):
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = JoinedStream(response.stream, told)


class JoinedStream(httpx2.AsyncByteStream):
    """The same events, those of text later and in fewer pieces."""

    def __init__(self, stream: httpx2.AsyncByteStream, told: ahead.Ahead) -> None:
        self._stream = stream
        self._ahead = told

    async def __aiter__(self) -> AsyncIterator[bytes]:
        rest, failure = b"", None
        try:
            async for piece in self._stream:
                rest += piece
                if b"\r" in rest:  # none of the servers that are known: the SDK's to say where an event ends
                    given, rest = self._ahead.give(rest), b""
                else:
                    whole, end, rest = rest.rpartition(b"\n\n")
                    given = self._ahead.take(whole + end)
                if given:
                    yield given
        except Exception as error:  # the SDK is told of it once it has all that came before
            failure = error
        if rest := self._ahead.give(rest):
            yield rest
        if failure is not None:
            raise failure

    async def aclose(self) -> None:
        await self._stream.aclose()
