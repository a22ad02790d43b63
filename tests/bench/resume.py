"""Coming back: a replay of what was missed, and the snapshot where that is too much."""

import json
import time
from typing import Any

from tests.bench.client import Client
from tests.bench.place import Place
from tests.bench.table import Table, median
from tests.server import Server

RUNS = 9


async def run(place: Place) -> list[Table]:
    with place.serving() as server:
        return [
            await back(place, server, 10_000, done=False),
            await back(place, server, 10_000, done=True),
            await back(place, server, 2_000, done=False),
        ]


async def back(place: Place, server: Server, entries: int, *, done: bool) -> Table:
    """A client missed a whole answer: up to 2,000 entries are replayed, more are answered with a snapshot."""
    session_id, _ = place.session(server)
    client = Client(server, session_id)
    await client.open()
    resumed = json.loads((await client.reconnect())[0])
    await client.connection.close()
    server.manage("shell", "-c", f"from tests.bench.fill import answer; answer({session_id!r}, {entries}, done={done})")
    times, frames = await comebacks(server, session_id, resumed["heads"], resumed["epoch"])
    check(frames, entries)
    kind = "a replay" if json.loads(frames[0])["recovered"] else "a snapshot"
    table = Table(f"Back after {entries:,} entries, the answer {'ended' if done else 'still coming'}: {kind}")
    table.add("from `reconnect` to the last byte, p50", median(times), "ms", 100)
    table.add("frames", len(frames), "")
    table.add("as text", sum(map(len, frames)) / 1000, "kB")
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
        await client.connection.close()
    return times, frames
