"""A whole server whose doorbells fail: what its sockets show is exact all the same. CASES 1 to 3, 7, 8, 14 and 15, on
two server processes where there are several."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from websockets.sync.client import connect

from tests.server import Server, ServerFactory
from tests.stream.client import Client
from tests.stream.conftest import IS_SCALED, Talk, scaled_only

PROGRAM = ("-m", "tests.stream.lossy_serve")
SPEECH: list[Any] = [
    {"reasoning": "Let me see. "},
    {"text": "Grüße 🙂 " * 40, "chunk": 3, "delay_ms": 2},
    {"tool": "list_files", "args": {}},
    {"text": "word " * 60, "chunk": 5, "delay_ms": 2},
]
PRUNED = """
from datetime import timedelta
from uuid import UUID
from django.utils import timezone
from chats.stream import frames, retention, writer
from chats.models import LogSlice, Turn
session, chat, ids = UUID("%s"), UUID("%s"), {"chat_id": UUID("%s"), "message_id": UUID(int=1)}
for number in range(55):
    parts = [frames.TextFrame(**ids, content="x", part=part) for part in ("text", "reasoning")] * 20
    writer.append(session, parts)
old = timezone.now() - timedelta(hours=1)
LogSlice.objects.filter(session=session).update(created_at=old)
Turn.objects.filter(chat=chat).update(created_at=old, finished_at=old)
print(retention.prune_session(session))
"""


@contextlib.contextmanager
def serving(factory: ServerFactory, **environment: str) -> Iterator[tuple[Server, Server]]:
    """Where turns run, and where clients listen: two processes if there may be two."""
    works = factory.make(environment)
    works.program = PROGRAM
    with contextlib.ExitStack() as stack:
        stack.callback(factory.discard, works)
        works.start()
        hears = works
        if IS_SCALED:
            hears = works.peer()
            hears.program = PROGRAM
            stack.callback(hears.stop)
            hears.start()
        yield works, hears


@pytest.fixture(scope="module")
def lossy(server_factory: ServerFactory) -> Iterator[tuple[Server, Server]]:
    with serving(server_factory, LOSSY_SEED="7") as pair:
        yield pair


@pytest.fixture(scope="module")
def deaf(server_factory: ServerFactory) -> Iterator[tuple[Server, Server]]:
    with serving(server_factory, LOSSY_DEAF="1") as pair:
        yield pair


def test_it_shows_each_character_once(lossy: tuple[Server, Server], talk: Callable[..., Talk]) -> None:
    works, hears = lossy
    talks = [talk(SPEECH, server=works) for _ in range(5)]
    with contextlib.ExitStack() as stack:
        early = [stack.enter_context(told.client(hears)) for told in talks]
        for client in early:
            client.until("snapshot")
        for told in talks:
            told.say()
        late = [stack.enter_context(told.client(hears)) for told in talks]  # while the answer comes
        for client in (*early, *late):
            client.until_idle()
        for told, one, two in zip(talks, early, late, strict=True):
            assert one.texts == two.texts == told.texts()
            assert "Grüße 🙂 " * 40 in one.texts.values()
            assert one.ord == two.ord


def test_it_loses_nothing_of_a_stalled_reader_s_150_doorbells(
    lossy: tuple[Server, Server], talk: Callable[..., Talk]
) -> None:
    works, hears = lossy
    told = talk([{"repeat": 500, "of": [{"text": "word " * 400, "delay_ms": 2}]}], server=works)
    with told.client(hears, acks=False) as stalled, told.client(hears) as reader:
        stalled.until("snapshot")
        told.say()
        reader.until_idle(60)
        assert reader.ord is not None
        with contextlib.suppress(TimeoutError):
            while True:
                stalled.receive(0.3)
        assert stalled.ord is not None
        assert stalled.ord < reader.ord - 150
        stalled.acks = True
        stalled.ack()
        stalled.until(lambda frame: frame.get("ord") == reader.ord and "seq" in frame)
        assert stalled.texts == reader.texts == told.texts()


def test_it_reveals_by_heartbeats_what_nothing_else_told(
    deaf: tuple[Server, Server], talk: Callable[..., Talk]
) -> None:
    """The last status among it."""
    works, hears = deaf
    told = talk([{"text": "Here I am."}], server=works)
    with told.client(hears) as client:
        client.until("snapshot")
        told.say()
        client.until_idle()
        assert client.until("heartbeat")["ord"] == client.ord
        assert client.texts == told.texts()


def test_it_says_on_a_quiet_user_s_socket_that_it_is_alive(deaf: tuple[Server, Server]) -> None:
    _, hears = deaf
    headers = {"Authorization": f"Bearer {hears.token}"}
    with connect(f"ws://127.0.0.1:{hears.port}/api/ws/user", additional_headers=headers, proxy=None) as socket:
        assert [json.loads(socket.recv(10)) for _ in range(2)] == [{"type": "alive"}, {"type": "alive"}]


def test_it_answers_a_position_below_what_is_kept_with_a_snapshot(
    shared_server: Server, talk: Callable[..., Talk]
) -> None:
    told = talk([{"text": "Here I am."}])
    client: Client = told.client()
    with client:
        client.until("snapshot")
        told.say()
        client.until_idle()
        before = dict(client.positions)
    pruned = shared_server.manage("shell", "-v", "0", "-c", PRUNED % (told.session_id, told.chat_id, told.chat_id))
    assert int(pruned.strip()) > 50
    with client:  # 2,200 entries behind
        client.until("snapshot")
        near = dict(client.positions)
        # Few entries are missing, and they are gone.
        client.positions = near | {"event": before["event"] - 1}
        client.ask()
        assert client.until("resumed")["recovered"] is False
        client.until("snapshot")
        client.positions = near | {"text": near["text"] - 5}
        client.ord = None
        client.ask()
        assert client.until("resumed")["replayed"] == 5


@scaled_only
def test_it_goes_on_when_the_layer_throws_its_listeners_out(
    lossy: tuple[Server, Server], talk: Callable[..., Talk]
) -> None:
    works, hears = lossy
    told = talk([{"text": "word " * 200, "chunk": 5, "delay_ms": 10}], server=works)
    with told.client(hears) as client, redis.Redis.from_url(works.environment["REDIS_URL"]) as layer:
        client.until("snapshot")
        told.say()
        client.until(lambda frame: frame.get("channel") == "text")
        assert layer.client_kill_filter(_type="pubsub") > 0
        evicted = time.monotonic()
        client.until_idle()
        assert time.monotonic() - evicted < 10
        assert client.texts == told.texts()
