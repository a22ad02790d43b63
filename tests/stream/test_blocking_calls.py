"""A call that blocks for 3 s holds up whoever waits for it, and no socket. CASES 19."""

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest

from tests.server import Server
from tests.stream.conftest import IS_SCALED, Talk


@contextlib.contextmanager
def blocked(server: Server) -> Iterator[None]:
    """Whoever writes (SQLite) or looks at turns (PostgreSQL) waits."""
    if IS_SCALED:
        with psycopg.connect(server.environment["DATABASE_URL"]) as database:
            database.execute("LOCK TABLE chats_turn IN ACCESS EXCLUSIVE MODE")
            yield
            database.rollback()
    else:
        database_file = sqlite3.connect(server.data_dir / "boocode.sqlite3", timeout=10, isolation_level=None)
        database_file.execute("BEGIN IMMEDIATE")
        yield
        database_file.execute("ROLLBACK")
        database_file.close()


def test_it_answers_other_sockets_meanwhile(server: Server, talk: Callable[..., Talk]) -> None:
    told = talk([{"text": "Here."}], server=server)
    with told.client() as client:
        client.until("snapshot")
        told.say()
        client.until_idle()
        latencies = []
        with blocked(server):
            senders = [threading.Thread(target=told.say) for _ in range(3)]
            for sender in senders:
                sender.start()
            until = time.monotonic() + 3
            while time.monotonic() < until:
                asked = time.monotonic()
                client.ask()
                client.until("resumed")
                latencies.append(time.monotonic() - asked)
                time.sleep(0.05)
            assert all(sender.is_alive() for sender in senders), "they should have been blocked"
        for sender in senders:
            sender.join()
        client.until_idle()
    assert len(latencies) > 15
    # One may have been held up by the machine itself.
    assert sorted(latencies)[-2] < 0.2, latencies


@pytest.mark.skipif(IS_SCALED, reason="about SQLite's one lock")
def test_it_never_says_that_the_database_is_locked(server: Server, talk: Callable[..., Talk]) -> None:
    """CASES 27: twenty sessions that stream at once."""
    speech = [{"text": "word " * 100, "chunk": 5, "delay_ms": 10}]
    talks = [talk(speech, server=server) for _ in range(20)]
    clients = [told.client() for told in talks]
    with contextlib.ExitStack() as stack:
        for client in clients:
            stack.enter_context(client)
            client.until("snapshot")
        for told in talks:
            told.say()
        for client in clients:
            client.until_idle()
    assert [client.texts for client in clients] == [told.texts() for told in talks]
    assert "locked" not in server.output
