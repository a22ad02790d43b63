"""What sockets cost in memory: idle ones, and one whose client never reads."""

import asyncio
import json
from contextlib import AsyncExitStack

from tests.bench.client import Client
from tests.bench.model import playing
from tests.bench.place import Place
from tests.bench.process import own_mb
from tests.bench.table import Table
from tests.server import Server

IDLE = 200
FLOOD_MB = 100
LOADED_S = 5
"""A server loads what a model needs soon after it has started."""


async def run(place: Place) -> list[Table]:
    return [await idle(place), await never_reads(place)]


async def idle(place: Place) -> Table:
    table = Table(f"{IDLE} idle sockets")
    with place.serving() as server:
        assert server.process is not None
        session_id, _ = place.session(server)
        await asyncio.sleep(LOADED_S)
        async with AsyncExitStack() as stack:
            for _ in range(20):
                await stack.enter_async_context(Client(server, session_id))
            before = own_mb(server.process.pid)
            for _ in range(IDLE):
                await stack.enter_async_context(Client(server, session_id))
            await asyncio.sleep(2)
            table.add("memory for each", (own_mb(server.process.pid) - before) * 1000 / IDLE, "kB")
    return table


async def never_reads(place: Place) -> Table:
    """100 chats of the session say 1 MB each; a socket of the session asked for it all and takes nothing."""
    table = Table(f"A client that never reads while {FLOOD_MB} MB are produced")
    with playing([[{"flood_kb": 1024}]], place.home) as model, place.serving(model) as server:
        assert server.process is not None
        before, _ = place.session(server)
        await flood(server, before, 10)
        warm = own_mb(server.process.pid)
        session_id, _ = place.session(server)
        deaf = Client(server, session_id)
        await deaf.open()
        deaf.connection.transport.pause_reading()
        await deaf.connection.send(json.dumps({"type": "reconnect", "lastSeqPerChannel": {}}))
        peak = await flood(server, session_id, FLOOD_MB)
        deaf.connection.transport.abort()
        table.add("memory before", warm, "MB")
        table.add("more at the peak", peak - warm, "MB", 20)
    return table


async def flood(server: Server, session_id: str, chats: int) -> float:
    """Have one new chat after the other say 1 MB. Returns the most memory seen, in MB."""
    assert server.process is not None
    peak = 0.0
    for _ in range(chats):
        chat = await asyncio.to_thread(server.api, "POST", f"/api/sessions/{session_id}/chats", {})
        await asyncio.to_thread(server.send, chat["id"], "Flood.")
        while True:
            peak = max(peak, own_mb(server.process.pid))
            now = await asyncio.to_thread(server.api, "GET", f"/api/chats/{chat['id']}")
            if now["status"] != "running":
                break
            await asyncio.sleep(0.05)
    return peak
