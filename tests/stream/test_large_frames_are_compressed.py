import asyncio
import json
from contextlib import suppress
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.bench.client import CountingConnection
from tests.server import Server


async def first_visit(server: Server, session_id: str, **options: Any) -> tuple[str, int]:
    """The snapshot that a client gets, and the bytes that came over the wire with it."""
    url = f"ws://127.0.0.1:{server.port}/api/ws/sessions/{session_id}"
    headers = {"Authorization": f"Bearer {server.token}"}
    options |= {"additional_headers": headers, "proxy": None, "max_size": None, "create_connection": CountingConnection}
    async with connect(url, **options) as socket:
        before = socket.bytes_received  # type: ignore[attr-defined]
        await socket.send(json.dumps({"type": "reconnect", "lastSeqPerChannel": {}}))
        frames = [await socket.recv(), await socket.recv()]
        return str(frames[1]), socket.bytes_received - before  # type: ignore[attr-defined]


@pytest.fixture
def session_id(shared_server: Server, tmp_path: Any) -> str:
    session_id, _ = shared_server.open_session(tmp_path, "scripted:demo")
    for number in range(60):
        shared_server.api("POST", f"/api/sessions/{session_id}/chats", {"name": f"chat {number}"})
    return session_id


async def test_it_compresses_a_snapshot_and_changes_nothing_of_it(shared_server: Server, session_id: str) -> None:
    plain, plain_bytes = await first_visit(shared_server, session_id, compression=None)
    snapshot, small_bytes = await first_visit(shared_server, session_id)
    assert json.loads(snapshot)["chats"] == json.loads(plain)["chats"]
    assert plain_bytes > len(plain)
    assert small_bytes < plain_bytes / 3


async def test_it_refuses_a_small_frame_that_swells(shared_server: Server, session_id: str) -> None:
    """100 MB of spaces are 100 KB compressed."""
    url = f"ws://127.0.0.1:{shared_server.port}/api/ws/sessions/{session_id}"
    headers = {"Authorization": f"Bearer {shared_server.token}"}
    async with connect(url, additional_headers=headers, proxy=None) as socket:
        with suppress(ConnectionClosed):
            await socket.send(" " * 100_000_000)
        async with asyncio.timeout(20):
            await socket.wait_closed()
    assert await asyncio.to_thread(shared_server.is_healthy)
