"""From the command to the first answer, the second time it is started; and what it then holds in memory."""

import asyncio
import contextlib
import socket
import sys
import time

from tests.bench.client import Client
from tests.bench.model import playing
from tests.bench.place import Place
from tests.bench.process import resident_mb
from tests.bench.table import Table, median
from tests.processes import start
from tests.server import PROJECT_DIR, Server

RUNS = 5
ANSWER = [{"text": "Here it is."}]
CALLS = [{"repeat": 5, "of": [[{"tool": "read_file", "args": {"path": "notes/{i}.txt"}}]]}]
COMMAND = [{"tool": "run_command", "args": {"command": ["ls"]}}]


async def run(place: Place) -> list[Table]:
    return [await starts(place), await memory(place)]


async def starts(place: Place) -> Table:
    table = Table("Start: `manage.py serve`, installed, not for the first time")
    healthy, answered = [], []
    with playing([ANSWER], place.home) as model, place.serving(model) as server:
        for _ in range(RUNS):
            server.stop()
            began = time.perf_counter()
            spawn(server)
            await asyncio.to_thread(wait_for_healthz, server.port)
            healthy.append((time.perf_counter() - began) * 1000)
            await answer(place, server)
            answered.append((time.perf_counter() - began) * 1000)
    table.add("to the first 200 of /healthz, p50", median(healthy), "ms", 1500)
    table.add("to the first answer of the model, p50", median(answered), "ms", 1200)
    table.notes.append(f"{RUNS} starts; the answer in a new project and session, asked as soon as /healthz answered.")
    return table


def spawn(server: Server) -> None:
    """As `Server.start` does, without waiting."""
    command = [sys.executable, "manage.py", "serve"]
    server.process = start(command, log=server.log, environment=server.environment, directory=PROJECT_DIR)


def wait_for_healthz(port: int) -> None:
    request = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(request)
            if connection.recv(64).startswith(b"HTTP/1.1 200"):
                return
        time.sleep(0.005)
    raise RuntimeError("The server does not start.")


async def answer(place: Place, server: Server) -> None:
    session_id, chat_id = await asyncio.to_thread(place.session, server)
    async with Client(server, session_id) as client:
        await asyncio.to_thread(server.send, chat_id, "Answer.")
        await client.until(lambda text: "Here it is" in text)


async def memory(place: Place) -> Table:
    """Warm: a page, the API, an OpenAI-compatible model, reads and a command."""
    table = Table("Memory of the server, its children included")
    with playing([*CALLS, COMMAND, ANSWER], place.home) as model, place.serving(model) as server:
        assert server.process is not None
        table.add("after the start", resident_mb(server.process.pid), "MB")
        session_id, chat_id = place.session(server)
        async with Client(server, session_id) as client:
            await asyncio.to_thread(server.send, chat_id, "Look around.")
            await client.idle()
            await asyncio.to_thread(server.messages, session_id)
            await asyncio.to_thread(server.api, "GET", "/api/models")
        table.add("after a turn of 6 tool calls", resident_mb(server.process.pid), "MB", 150)
    return table
