"""The floor: frames of the same size and pace, sent to a bare daphne consumer and back, over the same loopback."""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from websockets.asyncio.client import ClientConnection, connect

from tests.bench.table import median
from tests.processes import free_port, start, stop


class Echo(AsyncWebsocketConsumer):
    """Sends back what it gets; to a number, so many frames."""

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if text_data is not None and text_data.isdigit():
            for _ in range(int(text_data)):
                await self.send(FRAME)
        else:
            await self.send(text_data)


application: Any = Echo.as_asgi()

FRAME = json.dumps(
    {
        "type": "channel_delta",
        "channel": "text",
        "chat_id": "01a2b3c4-0000-7000-8000-000000000001",
        "message_id": "01a2b3c4-0000-7000-8000-000000000002",
        "part": "text",
        "content": "STAMP ",
        "seq": 1000,
        "ord": 1000,
    },
    separators=(",", ":"),
)


async def delays_ms(home: Path, sockets: int, rate: int, seconds: float) -> list[float]:
    """From the send of a frame to its return, for `rate` frames a second on each socket."""
    port = free_port()
    command = [sys.executable, "-m", "daphne", "-v", "0", "-p", str(port), "tests.bench.echo:application"]
    process = start(command, log=home / "echo.log")
    try:
        connections = [await _connected(port) for _ in range(sockets)]
        each = await asyncio.gather(*(_echoed(connection, rate, seconds) for connection in connections))
    finally:
        stop(process)
    return [delay for delays in each for delay in delays]


async def flood_ms(home: Path, frames: int) -> float:
    """From asking for so many frames at once to the last of them, median of five."""
    port = free_port()
    command = [sys.executable, "-m", "daphne", "-v", "0", "-p", str(port), "tests.bench.echo:application"]
    process = start(command, log=home / "echo.log")
    try:
        connection = await _connected(port)
        times = []
        for _ in range(5):
            began = time.perf_counter()
            await connection.send(str(frames))
            for _ in range(frames):
                await connection.recv()
            times.append((time.perf_counter() - began) * 1000)
        await connection.close()
    finally:
        stop(process)
    return median(times)


async def _connected(port: int) -> ClientConnection:
    for _ in range(200):
        try:
            return await connect(f"ws://127.0.0.1:{port}/", proxy=None)
        except OSError:
            await asyncio.sleep(0.05)
    raise RuntimeError("The echo server does not start.")


async def _echoed(connection: ClientConnection, rate: int, seconds: float) -> list[float]:
    count = int(rate * seconds)
    sending = asyncio.create_task(_send(connection, rate, count))
    delays = []
    for _ in range(count):
        frame = await connection.recv()
        delays.append((time.time_ns() - int(json.loads(frame)["content"])) / 1e6)
    await sending
    await connection.close()
    return delays


async def _send(connection: ClientConnection, rate: int, count: int) -> None:
    began = time.monotonic()
    for number in range(count):
        await asyncio.sleep(began + number / rate - time.monotonic())
        await connection.send(FRAME.replace("STAMP", str(time.time_ns())))
