"""What a tool call costs beside the model and the client: from the end of the model's answer to its next request."""

import asyncio
import gc
import json
import statistics
import sys
import time
from itertools import pairwise
from typing import Any

from tests.bench.client import Client
from tests.bench.model import Exchange, ModelProcess, playing
from tests.bench.place import Place
from tests.bench.process import cpu_ms, proportional_mb
from tests.bench.table import Table, median, quantile
from tests.server import PROJECT_DIR, Server
from tools.commands import sandbox

READ = [{"tool": "read_file", "args": {"path": "notes/{i}.txt"}}]
COMMAND = [{"tool": "run_command", "args": {"command": ["true", "{i}"]}}]
REPEATS = 5
LONG_TURN_S = 300


def script(calls: int, call: list[Any] = READ) -> list[Any]:
    return [[{"text": "Ready."}], {"repeat": calls, "of": [call]}, [{"text": "Done."}]]


async def run(place: Place) -> list[Table]:
    return [await against_bare_loop(place), await fifty(place), *await two_hundred(place), await thousand(place)]


async def against_bare_loop(place: Place) -> Table:
    table = Table("Tool calls against the bare loop: 50 in a row")
    await compare(place, table, "`run_command` of `true`", COMMAND, 5, BOOCODE_SANDBOX="off")
    if sandbox.choose("auto", network=False):
        await compare(place, table, "the same in bubblewrap", COMMAND, 7, BOOCODE_SANDBOX="on")
    await compare(place, table, "`read_file` of a small file", READ, 2.5)
    table.notes.append(f"Means of 50 calls, medians of {REPEATS} turns by turns with `bare_loop.py`.")
    return table


async def compare(place: Place, table: Table, what: str, call: list[Any], most: float, **environment: str) -> None:
    bare, ours = [], []
    with playing(script(50, call), place.home) as model, place.serving(model, **environment) as server:
        for _ in range(REPEATS):
            bare.append(statistics.mean(await bare_turn(place, model)))
            ours.append(statistics.mean((await turn(place, server, model))[1]))
    table.add(f"{what}: the bare loop", median(bare), "ms")
    table.add(f"{what}: BooCode", median(ours), "ms")
    table.add(f"{what}: BooCode in terms of it", median(ours) / median(bare), "times", most)


async def bare_turn(place: Place, model: ModelProcess) -> list[float]:
    """As `turn`, in the bare loop. Returns the milliseconds from each answer's end to the next request."""
    asked = len(model.exchanges)
    command = [sys.executable, "-m", "tests.bench.bare_loop", model.url, str(place.folder)]
    process = await asyncio.create_subprocess_exec(*command, cwd=PROJECT_DIR)
    assert await process.wait() == 0
    return overheads_ms(model.exchanges[asked + 1 :])


async def fifty(place: Place) -> Table:
    table = Table("Tool calls: 50 in a row, `read_file` of a small file")
    runs, cpu = [], []
    with playing(script(50), place.home) as model, place.serving(model, BOOCODE_MAX_STEPS="300") as server:
        for _ in range(REPEATS):
            _, gaps, used_ms = await turn(place, server, model)
            runs.append(gaps)
            cpu.append(used_ms / 51)
    table.add("overhead of a call, mean of 50", median([statistics.mean(gaps) for gaps in runs]), "ms", 10)
    table.add("the same, p50", median([median(gaps) for gaps in runs]), "ms")
    table.add("the same, p95", median([quantile(gaps, 0.95) for gaps in runs]), "ms")
    table.add("processor time of the server for a step", median(cpu), "ms")
    table.notes.append(f"Medians of {REPEATS} turns, with a client that reads along.")
    return table


async def two_hundred(place: Place) -> list[Table]:
    growth = Table("Tool calls: 200 in a row")
    with playing(script(200), place.home) as model, place.serving(model, BOOCODE_MAX_STEPS="300") as server:
        assert server.process is not None
        await turn(place, server, model)
        memory = proportional_mb(server.process.pid)
        session_id, gaps, _ = await turn(place, server, model)
        first, last = median(gaps[:25]), median(gaps[175:])
        growth.add("overhead of calls 1 to 25, p50", first, "ms")
        growth.add("overhead of calls 176 to 200, p50", last, "ms")
        growth.add("growth", last / first, "times", 1.1)
        growth.add("memory of all processes after 200 calls (PSS)", memory, "MB", 120)
        return [growth, await fresh_client(server, session_id)]


async def thousand(place: Place) -> Table:
    table = Table("Tool calls: 1,000 in a row, `run_command` of `true`")
    environment = {"BOOCODE_SANDBOX": "off", "BOOCODE_MAX_STEPS": "1100"}
    with playing(script(1000, COMMAND), place.home) as model, place.serving(model, **environment) as server:
        bare = await bare_turn(place, model)
        _, gaps, _ = await turn(place, server, model)
    for name, found in (("the bare loop", bare), ("BooCode", gaps)):
        table.add(f"{name}: calls 1 to 25, p50", median(found[:25]), "ms")
        table.add(f"{name}: calls 976 to 1,000, p50", median(found[975:]), "ms")
    table.add("BooCode: growth to calls 176 to 200", median(gaps[175:200]) / median(gaps[:25]), "times", 1.1)
    table.add("BooCode: growth to calls 976 to 1,000", median(gaps[975:]) / median(gaps[:25]), "times", 1.1)
    return table


async def turn(place: Place, server: Server, model: ModelProcess) -> tuple[str, list[float], float]:
    """Warm up with one answer, then play the calls. Returns the session, the milliseconds from each answer's end to the
    next request, and the server's processor time for all of it."""
    assert server.process is not None
    session_id, chat_id = place.session(server)
    async with Client(server, session_id) as client:
        await asyncio.to_thread(server.send, chat_id, "Get ready.")
        await client.idle()
        asked = len(model.exchanges)
        client.frames.clear()
        gc.collect()
        gc.disable()
        used = cpu_ms(server.process.pid)
        await asyncio.to_thread(server.send, chat_id, "Go.")
        await client.idle(LONG_TURN_S)
        gc.enable()
        used = cpu_ms(server.process.pid) - used
    return session_id, overheads_ms(model.exchanges[asked:]), used


def overheads_ms(exchanges: list[Exchange]) -> list[float]:
    return [(after.at_ns - before.end_ns) / 1e6 for before, after in pairwise(exchanges)]


async def fresh_client(server: Server, session_id: str) -> Table:
    table = Table("A session of 200 tool calls, to a fresh client")
    opened, answered, sizes, wire = [], [], [], []
    for _ in range(11):
        client = Client(server, session_id)
        began = time.perf_counter()
        await client.open()
        opened.append((time.perf_counter() - began) * 1000)
        before, began = client.connection.bytes_received, time.perf_counter()
        frames = await client.reconnect()
        answered.append((time.perf_counter() - began) * 1000)
        sizes.append(sum(len(frame.encode()) for frame in frames) / 1000)
        wire.append((client.connection.bytes_received - before) / 1000)
        await client.connection.close()
    messages = json.loads(frames[1])["messages"]
    table.add("from `reconnect` to the last byte, p50", median(answered), "ms", 10)
    table.add("bytes on the wire", wire[-1], "kB", 60)
    table.add("the same as text", sizes[-1], "kB")
    table.add("opening the socket before that, p50", median(opened), "ms")
    table.notes.append(f"{len(messages)} messages, 11 clients one after the other.")
    return table
