"""5,000 deltas sent at once: how many a second reach the client."""

import asyncio
import gc
import json

from tests.bench.client import Client
from tests.bench.model import playing
from tests.bench.place import Place
from tests.bench.process import cpu_ms
from tests.bench.table import Table, median

DELTAS = 5_000
RUNS = 7


async def run(place: Place) -> list[Table]:
    table = Table("A burst: 5,000 deltas in one write of the model")
    script = [[{"text": "Ready."}], *([[{"burst": DELTAS}]] * RUNS)]
    rates, cpu = [], []
    with playing(script, place.home) as model, place.serving(model) as server:
        assert server.process is not None
        session_id, chat_id = place.session(server)
        async with Client(server, session_id) as client:
            await asyncio.to_thread(server.send, chat_id, "Get ready.")
            await client.idle()
            for _ in range(RUNS):
                client.frames.clear()
                gc.collect()
                used = cpu_ms(server.process.pid)
                await asyncio.to_thread(server.send, chat_id, "Go.")
                await client.idle()
                cpu.append(cpu_ms(server.process.pid) - used)
                delays = client.delays
                assert len(delays) == DELTAS, f"{DELTAS - len(delays)} deltas lost"
                rates.append(DELTAS / max(delay.ms for delay in delays) * 1000)
            entries = sum(json.loads(text).get("channel") == "text" for _, text in client.frames)
    table.add("deltas a second, model to client", median(rates), "/s", 12_000, at_least=True)
    table.add("processor time of the server for a delta", median(cpu) * 1000 / DELTAS, "µs")
    table.add("entries of the log that hold them", entries, "")
    table.notes.append(f"Median of {RUNS} answers in one session; the slowest {min(rates):,.0f}/s.")
    return [table]
