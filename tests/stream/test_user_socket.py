"""A user's own socket tells what happens to their sessions, to all of their pages and to nobody else's."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from tests.server import Server
from tests.stream.conftest import Talk, scaled_only

EVE = """
from django.contrib.auth.models import User
from chats.models import ApiToken
print(ApiToken.issue(User.objects.create_user("eve")))
"""


def listen(server: Server, token: str = "") -> ClientConnection:
    headers = {"Authorization": f"Bearer {token or server.token}"}
    address = f"ws://127.0.0.1:{server.port}/api/ws/user"
    socket = connect(address, additional_headers=headers, proxy=None, legacy=True)
    # An answer, of whatever kind, says that it listens.
    socket.send("{")
    assert json.loads(socket.recv(10))["type"] == "error"
    return socket


def until(socket: ClientConnection, kind: str, **fields: Any) -> dict[str, Any]:
    while True:
        frame: dict[str, Any] = json.loads(socket.recv(10))
        if frame["type"] == kind and fields.items() <= frame.items():
            return frame


def follow(server: Server, sockets: list[ClientConnection], talk: Talk) -> None:
    """Each of the sockets hears the whole life of a session."""
    session_id, chat_id = talk.session_id, talk.chat_id
    project = server.api("GET", f"/api/sessions/{session_id}")["project"]
    for socket in sockets:
        created = until(socket, "session_created", session_id=session_id)
        assert created == {"type": "session_created", "session_id": session_id, "name": "", "project_id": project}
    talk.say("Say hello to the world")
    for socket in sockets:
        assert until(socket, "session_renamed", session_id=session_id)["name"] == "Say hello to the world"
        running = until(socket, "agent_status_updated", chat_id=chat_id, status="running")
        assert running.keys() == {"type", "chat_id", "status", "session_id"}
        until(socket, "agent_status_updated", session_id=session_id, status="idle")
    server.api("PATCH", f"/api/sessions/{session_id}", {"name": "Another name"})
    for socket in sockets:
        assert until(socket, "session_renamed")["name"] == "Another name"
    server.api("DELETE", f"/api/sessions/{session_id}")
    for socket in sockets:
        until(socket, "session_deleted", session_id=session_id)


def test_it_follows_a_session_on_every_page(shared_server: Server, talk: Callable[..., Talk]) -> None:
    with listen(shared_server) as one, listen(shared_server) as two:
        follow(shared_server, [one, two], talk([{"text": "Hello."}]))


def test_it_tells_of_each_session_of_a_deleted_project(shared_server: Server, tmp_path: Path) -> None:
    project = shared_server.make_project(tmp_path)
    ids = {shared_server.make_session(project)["id"] for _ in range(3)}
    with listen(shared_server) as socket:
        shared_server.api("DELETE", f"/api/projects/{project['id']}")
        assert {until(socket, "session_deleted")["session_id"] for _ in range(3)} == ids


def test_it_tells_strangers_nothing(shared_server: Server, talk: Callable[..., Talk]) -> None:
    token = shared_server.manage("shell", "-v", "0", "-c", EVE).strip()
    with listen(shared_server, token) as eve, listen(shared_server) as own:
        told = talk([{"text": "Hello."}])
        told.say()
        until(own, "agent_status_updated", session_id=told.session_id, status="idle")
        with pytest.raises(TimeoutError):
            eve.recv(0.3)


@pytest.fixture
def peer(server: Server) -> Iterator[Server]:
    other = server.peer()
    yield other.start()
    other.stop()


@scaled_only
def test_it_hears_of_what_another_process_did(server: Server, peer: Server, talk: Callable[..., Talk]) -> None:
    with listen(server) as here, listen(peer) as there:
        follow(server, [here, there], talk([{"text": "Hello."}], server=server))


@scaled_only
def test_it_hears_nothing_of_another_installation_on_the_same_redis(
    server: Server, shared_server: Server, tmp_path: Path
) -> None:
    with listen(server) as socket:
        shared_server.make_session(shared_server.make_project(tmp_path))  # both have a user 1
        with pytest.raises(TimeoutError):
            socket.recv(1)
