"""A session in the test's own database with a writer of the test's own; talks on real servers."""

import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import wait
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.db import connection

from boocode.db import threads
from chats.models import Project, Session
from chats.projects import sessions
from chats.stream.writer import Writer
from tests.server import Server
from tests.stream.client import Client, texts

IS_SCALED = bool(os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"))
scaled_only = pytest.mark.skipif(not IS_SCALED, reason="needs PostgreSQL and Redis: python -m tests.scaled")


@pytest.fixture
def session(transactional_db: None, tmp_path: Path, database_threads: None) -> Session:
    """A session of alice's with one chat."""
    alice = get_user_model().objects.create_user("alice")
    return sessions.create_session(Project.objects.create(owner=alice, name="work", root=str(tmp_path)))


@pytest.fixture
async def writer(session: Session) -> AsyncIterator[Writer]:
    own = Writer()
    await own.start()
    yield own
    await own.stop()
    own._thread.submit(lambda: connection.close()).result()


@pytest.fixture
def database_threads() -> Iterator[None]:
    """The threads that read the database keep their connections; the test's database is not theirs for long."""
    yield
    readers = threads._readers
    together = threading.Barrier(readers._max_workers)

    def close() -> None:
        together.wait(10)
        connection.close()

    wait([readers.submit(close) for _ in range(readers._max_workers)])


class Talk:
    """A session on a server, whose model plays a script."""

    def __init__(self, server: Server, root: Path, model: str) -> None:
        self.server = server
        self.session_id, self.chat_id = server.open_session(root, model)

    def say(self, content: str = "Go on") -> None:
        self.server.send(self.chat_id, content)

    def client(self, server: Server | None = None, **options: Any) -> Client:
        return Client.of(server or self.server, self.session_id, **options)

    def texts(self) -> dict[str, str]:
        """What the server has, by message."""
        return texts(self.server.messages(self.session_id))


@pytest.fixture
def talk(shared_server: Server, write_script: Callable[[str, Any], str], tmp_path: Path) -> Callable[..., Talk]:
    """`talk(script, server=…)`: a new session whose model plays the script."""

    def start(script: Any, server: Server | None = None) -> Talk:
        return Talk(server or shared_server, tmp_path, write_script(uuid4().hex, script))

    return start
