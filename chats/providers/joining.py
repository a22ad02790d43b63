"""Deltas that a provider sent in one go, as one.

The SDK and pydantic-ai spend 150 µs on each event of a stream, whatever it holds. A server that is faster than that, or
a network that held its packets back, would let the answer fall behind; so what is there already is joined before.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any

import httpx2

MAX_WAITING = 1024
"""Pieces of the body that are read ahead, at most."""
TEXTS = ({"content"}, {"reasoning_content"}, {"reasoning"})


async def join_deltas(response: httpx2.Response) -> None:
    """A response hook of the HTTP client: joins what an event stream of chat completions brings together."""
    plain = "content-encoding" not in response.headers
    if plain and response.headers.get("content-type", "").startswith("text/event-stream"):
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = JoinedStream(response.stream)


class JoinedStream(httpx2.AsyncByteStream):
    """The same events, fewer where several wait to be read."""

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream
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
            if whole:
                yield joined(whole + end)
        if rest:
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


def joined(events: bytes) -> bytes:
    """Whole events of a chat completion's stream, with neighbouring deltas of one kind of text in one event."""
    blocks = events.split(b"\n\n")
    if len(blocks) < 3 or b"\r" in events:
        return events
    return b"".join(block + b"\n\n" for block in _joined(blocks[:-1]))


def _joined(blocks: Iterable[bytes]) -> Iterator[bytes]:
    run: list[tuple[bytes, dict[str, Any]]] = []
    kind: str | None = None
    for block in blocks:
        chunk = _chunk(block)
        name = None if chunk is None else _text_name(chunk)
        if run and name != kind:
            yield _one(run, kind)
            run = []
        kind = name
        if chunk is None or name is None:
            yield block
        else:
            run.append((block, chunk))
    if run:
        yield _one(run, kind)


def _one(run: list[tuple[bytes, dict[str, Any]]], name: str | None) -> bytes:
    block, chunk = run[0]
    if len(run) == 1:
        return block
    delta = chunk["choices"][0]["delta"]
    delta[name] = "".join(each["choices"][0]["delta"][name] for _, each in run)
    return b"data: " + json.dumps(chunk).encode()


def _chunk(block: bytes) -> dict[str, Any] | None:
    if not block.startswith(b"data: {"):
        return None
    try:
        chunk = json.loads(block[6:])
    except ValueError:
        return None
    return chunk if isinstance(chunk, dict) else None


def _text_name(chunk: dict[str, Any]) -> str | None:
    """Which text the chunk carries, where that is all it does."""
    choices = chunk.get("choices")
    if not isinstance(choices, list) or len(choices) != 1 or chunk.get("usage") or chunk.get("error"):
        return None
    choice = choices[0]
    delta = choice.get("delta") if isinstance(choice, dict) else None
    if not isinstance(delta, dict) or choice.get("finish_reason") or choice.get("logprobs") or choice.get("index"):
        return None
    names = delta.keys() - {"role"}
    if names not in TEXTS:
        return None
    (name,) = names
    text = delta[name]
    # pydantic-ai knows a local model's <think> only where it is all of a delta.
    return name if isinstance(text, str) and not (text.startswith("<") and text.rstrip().endswith(">")) else None
