"""The server stops, or is killed, under many sockets: each comes back and misses no character. CASES 18."""

import asyncio
import json
import random
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.server import Server
from tests.stream.client import Client
from tests.stream.conftest import IS_SCALED, Talk

SOCKETS = 200
SESSIONS = 4
SAID = "word " * 100
SPEECH: list[Any] = [{"text": SAID, "chunk": 5, "delay_ms": 50}]


async def follow(client: Client, codes: list[int]) -> None:
    """As a page would: reconnect with jitter until the turn has ended, on whatever socket."""
    while ("agent_status_updated", "idle") not in client.story:
        try:
            async with connect(client.url, additional_headers=client.headers, proxy=None, max_size=None) as socket:
                question = {"type": "reconnect", "lastSeqPerChannel": client.positions, "epoch": client.epoch}
                await socket.send(json.dumps({name: value for name, value in question.items() if value is not None}))
                async for text in socket:
                    client.frames.append(json.loads(text))
                    client.apply(client.frames[-1])
                    if len(client.frames) % 64 == 0:
                        await socket.send(json.dumps({"type": "ack", "ord": client.ord}))
                    if client.frames[-1].get("status") == "idle" and client.frames[-1]["type"] != "snapshot":
                        return
                codes.append(socket.close_code or 0)
        except ConnectionClosed as closed:
            codes.append(closed.rcvd.code if closed.rcvd else 1006)
        except OSError:
            pass  # nobody listens yet
        except Exception as error:
            if "HTTP" not in str(error) and "handshake" not in str(error):
                raise
        await asyncio.sleep(random.uniform(0.1, 1.5))


def connections(server: Server) -> int:
    """To the server's database, by anybody but us."""
    with psycopg.connect(server.environment["DATABASE_URL"]) as database:
        mine = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        row = database.execute(mine).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("ending", ["stopped", "killed"])
async def test_it_loses_no_character_under_200_sockets(server: Server, talk: Callable[..., Talk], ending: str) -> None:
    talks = [talk(SPEECH, server=server) for _ in range(SESSIONS)]
    clients = [talks[number % SESSIONS].client() for number in range(SOCKETS)]
    codes: list[int] = []
    following = [asyncio.create_task(follow(client, codes)) for client in clients]
    while not all(client.frames for client in clients):  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    await asyncio.gather(*(asyncio.to_thread(told.say) for told in talks))
    await asyncio.sleep(1.5)
    await asyncio.to_thread(server.kill if ending == "killed" else server.stop)
    await asyncio.to_thread(server.start)
    most = 0
    while not all(task.done() for task in following):
        most = max(most, await asyncio.to_thread(connections, server) if IS_SCALED else 0)
        await asyncio.wait(following, timeout=1)
    await asyncio.gather(*following)
    assert most <= 25
    expected = [await asyncio.to_thread(told.texts) for told in talks]
    for number, client in enumerate(clients):
        assert client.texts == expected[number % SESSIONS]
        assert SAID in client.texts.values()
        assert sum(resumed["recovered"] for resumed in client.resumptions) >= 1, "not by snapshots"
    if ending == "stopped":
        assert codes.count(1012) >= SOCKETS


def test_it_says_goodbye_with_1012(server: Server, talk: Callable[..., Talk]) -> None:
    with talk([{"text": "x"}], server=server).client() as client:
        client.until("snapshot")
        server.stop()
        with pytest.raises(ConnectionClosed) as closed:
            client.receive()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012
