"""Strangers never listen, and who was logged out, deactivated or lost the token hears nothing after 30 s. CASES 47."""

import json
import time
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.server import Server
from tests.stream.browser import Browser

CAST = """
import json
from django.contrib.auth.models import User
from chats.models import ApiToken
admin = User.objects.get(username="admin")
people = {name: User.objects.create_user(name) for name in ("alice", "charlie")}
print(json.dumps([ApiToken.issue(user) for user in (admin, people["alice"], people["charlie"])]))
"""
END = """
from django.contrib.auth.models import User
from chats.models import ApiToken
token = ApiToken.find("%s")
token.revoked_at = token.created_at
token.save()
User.objects.filter(username="alice").update(is_active=False)
"""


class House:
    """One server, with a session of admin's and other people."""

    def __init__(self, server: Server, root: Path) -> None:
        self.server = server
        self.session_id, _ = server.open_session(root, "scripted:demo")
        self.admins, self.alices, self.charlies = json.loads(self.shell(CAST))

    def shell(self, code: str) -> str:
        return self.server.manage("shell", "-v", "0", "-c", code)

    def connect(self, path: str, headers: dict[str, str]) -> ClientConnection:
        address = f"ws://127.0.0.1:{self.server.port}/api/ws/{path}"
        return connect(address, additional_headers=headers, proxy=None, legacy=True)

    def with_token(self, token: str, path: str = "") -> ClientConnection:
        return self.connect(path or f"sessions/{self.session_id}", {"Authorization": f"Bearer {token}"})

    def with_cookie(self, browser: Browser, path: str = "") -> ClientConnection:
        headers = {"Origin": self.server.url, **browser.headers}
        return self.connect(path or f"sessions/{self.session_id}", headers)


@pytest.fixture(scope="module")
def house(shared_server: Server, tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(shared_server, tmp_path_factory.mktemp("house"))


def closed_with(socket: ClientConnection, within_s: float = 10) -> int:
    """The code that the server closes with; other frames are passed over."""
    until = time.monotonic() + within_s
    code = None
    while code is None:
        try:
            socket.recv(max(0.01, until - time.monotonic()))
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
    return code


def test_it_closes_the_socket_of_a_stranger_with_4404(house: House) -> None:
    assert closed_with(house.with_token(house.charlies)) == 4404


@pytest.mark.parametrize("id", ["01960000-0000-7000-8000-000000000001", "nonsense", "0", "%2e%2e"])
def test_it_closes_the_socket_of_an_unknown_session_with_4404(house: House, id: str) -> None:
    assert closed_with(house.with_token(house.server.token, f"sessions/{id}")) == 4404


@pytest.mark.parametrize("path", ["", "user"])
def test_it_closes_the_socket_of_nobody_with_4401(house: House, path: str) -> None:
    assert closed_with(house.with_token("boo_wrong", path)) == 4401
    assert closed_with(house.with_token("", path)) == 4401
    headers = {"Origin": house.server.url, "Cookie": f"boocode_session_{house.server.port}=wrong"}
    assert closed_with(house.connect(path or f"sessions/{house.session_id}", headers)) == 4401


def test_it_closes_open_sockets_within_30_s_when_access_ends(house: House) -> None:
    """All four at once: the rounds take their time."""
    browser = Browser(house.server)
    gone, kept, leaving = house.admins, house.server.token, house.alices
    session_id, _ = house.server.open_session(house.server.data_dir.parent, "scripted:demo")
    staying = house.with_token(kept)
    ending = [
        (house.with_cookie(browser), 4401),
        (house.with_cookie(browser, "user"), 4401),
        (house.with_token(gone), 4401),
        (house.with_token(leaving, "user"), 4401),
        (house.with_token(kept, f"sessions/{session_id}"), 4404),
    ]
    browser.log_out()
    house.shell(END % gone)
    house.server.api("DELETE", f"/api/sessions/{session_id}")
    began = time.monotonic()
    for socket, code in ending:
        assert closed_with(socket, within_s=30) == code
    assert time.monotonic() - began < 30
    staying.ping().wait(5)
    with pytest.raises(TimeoutError):
        staying.recv(0.1)
    staying.close()


def test_it_says_that_a_deleted_session_is_gone_at_once(house: House, tmp_path: Path) -> None:
    session_id, _ = house.server.open_session(tmp_path, "scripted:demo")
    socket = house.with_token(house.server.token, f"sessions/{session_id}")
    socket.send('{"type":"reconnect"}')
    socket.recv(10)
    house.server.api("DELETE", f"/api/sessions/{session_id}")
    assert closed_with(socket, within_s=4) == 4404
