"""How long a delta takes from the model to the client, alone and in a crowd, beside a bare daphne consumer's echo."""

import asyncio
import gc
from contextlib import AsyncExitStack
from typing import Any

from tests.bench import echo
from tests.bench.client import Client, Delay
from tests.bench.model import playing
from tests.bench.place import Place
from tests.bench.process import cpu_ms
from tests.bench.table import Table, median, quantile
from tests.server import Server

RATE = 100
SECONDS = 10


def script(seconds: int) -> list[Any]:
    return [[{"text": "Ready."}], [{"stamps": RATE * seconds, "pace_ms": 1000 / RATE}]]


async def run(place: Place) -> list[Table]:
    with playing(script(SECONDS), place.home) as model, place.serving(model) as server:
        return [
            await crowd(place, server, 1, {0.5: 2, 0.99: 6}),
            await crowd(place, server, 20, {0.5: 10, 0.99: 50}),
            await crowd(place, server, 50, {}),
        ]


async def crowd(place: Place, server: Server, sessions: int, targets: dict[float, float]) -> Table:
    table = Table(f"Deltas: {sessions} session(s) of {RATE} deltas/s, a client each, {SECONDS} s")
    floor = await echo.delays_ms(place.home, sessions, RATE, SECONDS)
    each, used_ms = await play(place, server, sessions)
    every = [delay for delays in each for delay in delays]
    all_speak_ns = max(delays[0].sent_ns for delays in each)
    speaking = [delay.ms for delay in every if delay.sent_ns >= all_speak_ns]
    for share in (0.5, 0.99):
        table.add(f"model to client, p{share * 100:.0f}", quantile(speaking, share), "ms", targets.get(share))
        table.add(f"bare echo, p{share * 100:.0f}", quantile(floor, share), "ms")
    if beginning := [delay.ms for delay in every if delay.sent_ns < all_speak_ns]:
        table.add("the same while other turns still begin, p50", quantile(beginning, 0.5), "ms")
        table.add("the same while other turns still begin, p99", quantile(beginning, 0.99), "ms")
    table.add("furthest behind", max(delay.ms for delay in every), "ms")
    table.add("behind at the end, median of sessions", median([delays[-1].ms for delays in each]), "ms")
    table.add(
        "processor time of the server for a delta, start of the turns included", used_ms * 1000 / len(every), "µs"
    )
    table.add("lost", sessions * RATE * SECONDS - len(every), "deltas", 0)
    return table


async def play(place: Place, server: Server, sessions: int) -> tuple[list[list[Delay]], float]:
    """All sessions at once: the delays of each one's deltas, and the server's processor time in ms."""
    assert server.process is not None
    async with AsyncExitStack() as stack:
        clients = []
        for _ in range(sessions):
            session_id, chat_id = place.session(server)
            client = await stack.enter_async_context(Client(server, session_id))
            await asyncio.to_thread(server.send, chat_id, "Get ready.")
            await client.idle()
            client.frames.clear()
            clients.append((client, chat_id))
        gc.collect()
        gc.disable()
        used = cpu_ms(server.process.pid)
        for _, chat_id in clients:
            await asyncio.to_thread(server.send, chat_id, "Count.")
        await asyncio.gather(*(client.idle(SECONDS * 6) for client, _ in clients))
        gc.enable()
        used = cpu_ms(server.process.pid) - used
        return [client.delays for client, _ in clients], used
