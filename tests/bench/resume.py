"""Coming back: a replay of what was missed, and the snapshot where that is too much."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

from tests.bench import echo
from tests.bench.client import Client
from tests.bench.place import Place
from tests.bench.process import cpu_ms
from tests.bench.table import Table, median
from tests.server import Server

RUNS = 9


async def run(place: Place) -> list[Table]:
    with place.serving() as server:
        return [
            await back(place, server, 10_000, done=False),
            await back(place, server, 10_000, done=True),
            await back(place, server, 2_000, done=False),
            await behind(place, server, 10_000),
        ]


async def back(place: Place, server: Server, entries: int, *, done: bool) -> Table:
    """A client missed a whole answer: up to 2,000 entries are replayed, more are answered with a snapshot."""
    session_id, _ = place.session(server)
    client = Client(server, session_id)
    await client.open()
    resumed = json.loads((await client.reconnect())[0])
    await client.close()
    server.manage("shell", "-c", f"from tests.bench.fill import answer; answer({session_id!r}, {entries}, done={done})")
    times, frames = await comebacks(server, session_id, resumed["heads"], resumed["epoch"])
    check(frames, entries)
    kind = "a replay" if json.loads(frames[0])["recovered"] else "a snapshot"
    table = Table(f"Back after {entries:,} entries, the answer {'ended' if done else 'still coming'}: {kind}")
    table.add("from `reconnect` to the last byte, p50", median(times), "ms", 100)
    table.add("frames", len(frames), "")
    table.add("as text", sum(map(len, frames)) / 1000, "kB")
    return table


def ends_with(ending: str) -> Callable[[str], bool]:
    return lambda text: text.endswith(ending)


async def behind(place: Place, server: Server, entries: int) -> Table:
    """A client stopped reading while its socket stayed open: it gets every entry, a window full for each ack."""
    assert server.process is not None
    session_id, _ = place.session(server)
    client = Client(server, session_id)
    await client.open()
    first = json.loads((await client.reconnect())[-1])
    fill = f"from tests.bench.fill import answer; answer({session_id!r}, {entries}, done=False)"
    filling = asyncio.create_task(asyncio.to_thread(server.manage, "shell", "-c", fill))
    client.connection.transport.pause_reading()
    await filling
    client.connection.transport.resume_reading()
    began, used = time.perf_counter(), cpu_ms(server.process.pid)
    client.listen()
    await client.until(ends_with(f'"ord":{first["ord"] + entries}}}'))
    took = (time.perf_counter() - began) * 1000
    used = cpu_ms(server.process.pid) - used
    await client.close()
    table = Table(f"Caught up after {entries:,} entries on an open socket, each a frame of its own")
    table.add("from the first byte read to the last", took, "ms")
    table.add("the same number of frames from a bare daphne consumer", await echo.flood_ms(place.home, entries), "ms")
    table.add("processor time of the server", used, "ms")
    return table


def check(frames: list[str], entries: int) -> None:
    """Nothing may be missing, or the time is worth nothing."""
    resumed, *rest = map(json.loads, frames)
    said = [entry["content"] for entry in rest] if resumed["recovered"] else [rest[0]["messages"][-1]["content"]]
    assert "".join(said).count("word ") == entries // 2


async def comebacks(server: Server, session_id: str, positions: dict[str, int], epoch: str) -> tuple[list[float], Any]:
    times = []
    for _ in range(RUNS):
        client = Client(server, session_id)
        await client.open()
        began = time.perf_counter()
        frames = await client.reconnect(positions, epoch)
        times.append((time.perf_counter() - began) * 1000)
        await client.close()
    return times, frames
