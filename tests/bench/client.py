"""A client that does as little as it can: it notes when each frame came, and acknowledges as the page does."""

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.server import Server

ACK_EVERY = 64
ACK_CHARS = 64 * 1024
ACK_AFTER_S = 1.0


class Delay(NamedTuple):
    """When the model sent a delta, and how long it took from there to the client."""

    sent_ns: int
    ms: float


class CountingConnection(ClientConnection):
    """Knows how many bytes came over the wire."""

    bytes_received = 0

    def data_received(self, data: bytes) -> None:
        self.bytes_received += len(data)
        super().data_received(data)


class Client:
    """Use as `async with Client(server, session_id) as client`: it has then got its snapshot."""

    def __init__(self, server: Server, session_id: str) -> None:
        self.url = f"ws://127.0.0.1:{server.port}/api/ws/sessions/{session_id}"
        self.headers = {"Authorization": f"Bearer {server.token}"}
        self.frames: list[tuple[int, str]] = []
        self.connection: Any = None
        self._tasks: list[asyncio.Task[None]] = []
        self._unacknowledged = self._chars = 0
        self._news = asyncio.Event()

    async def __aenter__(self) -> Self:
        await self.open()
        await self.reconnect()
        self.listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await self.connection.close()

    async def open(self) -> None:
        self.connection = await connect(
            self.url, additional_headers=self.headers, proxy=None, max_size=None, create_connection=CountingConnection
        )

    async def reconnect(self, positions: dict[str, int] | None = None, epoch: str | None = None) -> list[str]:
        """Ask for what was missed and return the answer's frames, the last of them the snapshot or entry."""
        message: dict[str, Any] = {"type": "reconnect", "lastSeqPerChannel": positions or {}}
        await self.connection.send(json.dumps(message if epoch is None else message | {"epoch": epoch}))
        frames = [await self.connection.recv()]
        resumed = json.loads(frames[0])
        wanted = 1 + (resumed["replayed"] if resumed["recovered"] else 1)
        while len(frames) < wanted:
            frames.append(text := await self.connection.recv())
            await self._count(text)
        return frames

    def listen(self) -> None:
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._ack_now_and_then())]

    async def until(self, wanted: Callable[[str], bool], timeout_s: float = 60) -> str:
        """Wait for the first frame, of those that came and will come, for which `wanted` holds."""
        seen = 0
        async with asyncio.timeout(timeout_s):
            while True:
                self._news.clear()
                for _, text in self.frames[seen:]:
                    if wanted(text):
                        return text
                seen = len(self.frames)
                await self._news.wait()

    async def idle(self, timeout_s: float = 60) -> None:
        """Wait until the turn has ended."""
        await self.until(lambda text: '"agent_status_updated"' in text and '"idle"' in text, timeout_s)

    @property
    def delays(self) -> list[Delay]:
        """Of each stamped delta. An entry may end in the middle of one."""
        delays, text = [], ""
        for at, line in self.frames:
            frame = json.loads(line)
            if frame.get("channel") == "text":
                *stamps, text = (text + frame["content"]).split(" ")
                delays += [Delay(int(stamp), (at - int(stamp)) / 1e6) for stamp in stamps]
        return delays

    async def _read(self) -> None:
        with suppress(ConnectionClosed):
            async for text in self.connection:
                self.frames.append((time.time_ns(), text))
                self._news.set()
                await self._count(text)

    async def _count(self, text: str) -> None:
        self._unacknowledged += 1
        self._chars += len(text)
        if self._unacknowledged >= ACK_EVERY or self._chars >= ACK_CHARS:
            await self._ack(text)

    async def _ack(self, text: str) -> None:
        ord = json.loads(text).get("ord")
        if ord is not None:
            self._unacknowledged = self._chars = 0
            await self.connection.send(json.dumps({"type": "ack", "ord": ord}))

    async def _ack_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(ACK_AFTER_S)
            if self._unacknowledged and self.frames:
                await self._ack(self.frames[-1][1])
