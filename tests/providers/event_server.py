"""A local server that answers every request with the same event stream, or one error: for other protocols."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from tests.openai_server import Request, read_request, send_json


@dataclass
class EventServer:
    url: str = ""
    requests: list[Request] = field(default_factory=list)


@asynccontextmanager
async def serving(events: list[dict[str, Any]], status: int = 200) -> AsyncIterator[EventServer]:
    """`events` are sent with their `type` as the event's name; with another status the first one is the whole body."""
    known = EventServer()
    open_connections: dict[asyncio.Task[Any] | None, asyncio.StreamWriter] = {}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_connections[asyncio.current_task()] = writer
        with suppress(ConnectionError):
            while (request := await read_request(reader)) is not None:
                known.requests.append(request)
                if status != 200:
                    await send_json(writer, status, events[0])
                    continue
                lines = [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events]
                head = f"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {sum(map(len, lines))}"
                writer.write(head.encode() + b"\r\n\r\n" + b"".join(lines))
                await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        known.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield known
        finally:
            # A client may keep its connection open for the next request.
            for writer in open_connections.values():
                writer.transport.abort()
            await asyncio.gather(*(task for task in open_connections if task))
