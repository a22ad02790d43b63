"""Which page may open a socket: this server's own, exactly. CASES 45; CVE-2025-52882."""

import json
import socket

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.server import Server
from tests.stream.browser import Browser

PATHS = ["/api/ws/user", "/api/ws/sessions/{session}"]


@pytest.fixture(scope="module")
def browser(shared_server: Server) -> Browser:
    return Browser(shared_server)


@pytest.fixture(scope="module")
def session_id(shared_server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    return shared_server.open_session(tmp_path_factory.mktemp("work"), "scripted:demo")[0]


@pytest.fixture(params=PATHS)
def address(request: pytest.FixtureRequest, shared_server: Server, session_id: str) -> str:
    return f"ws://127.0.0.1:{shared_server.port}{request.param.format(session=session_id)}"


def open_socket(address: str, **headers: str) -> ClientConnection:
    return connect(address, additional_headers=headers, proxy=None)


def test_it_lets_its_own_page_in(shared_server: Server, browser: Browser, address: str) -> None:
    with open_socket(address, Origin=shared_server.url, **browser.headers) as own:
        own.send(json.dumps({"type": "nonsense"}))
        assert json.loads(own.recv(10))["type"] == "error"


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "https://127.0.0.1:{port}",
        "http://127.0.0.1:{other}",
        "http://127.0.0.1",
        "http://localhost:{port}",
        "http://127.0.0.1:{port}.evil.example",
        "http://127.0.0.1.evil.example:{port}",
        "http://127.0.0.1@evil.example:{port}",
        "ftp://127.0.0.1:{port}",
        "file://",
        "null",
        "",
        "http://",
        "http://[bad",
        "http://127.0.0.1:port",
        "http://127.0.0.1:99999999",
        "chrome-extension://abcdef",
        "http://\xff",
    ],
)
def test_it_refuses_every_other_origin(shared_server: Server, browser: Browser, address: str, origin: str) -> None:
    port = shared_server.port
    answer = handshake(port, address, {"Origin": origin.format(port=port, other=port + 1), **browser.headers})
    assert answer.split(" ")[1] == "403", answer


def test_it_refuses_a_cookie_without_an_origin(browser: Browser, address: str) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        open_socket(address, **browser.headers)


def test_it_needs_no_origin_with_a_token(shared_server: Server, address: str) -> None:
    with open_socket(address, Authorization=f"Bearer {shared_server.token}") as script:
        script.send("{")
        assert json.loads(script.recv(10))["type"] == "error"


def test_it_takes_no_basic_authorization_for_a_token(browser: Browser, address: str) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        open_socket(address, Authorization="Basic YWRtaW46eA==", **browser.headers)


def test_it_refuses_another_origin_with_a_token_too(shared_server: Server, address: str) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        open_socket(address, Origin="http://evil.example", Authorization=f"Bearer {shared_server.token}")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "", "127.0.0.1:{port}:1", "[bad"])
def test_it_refuses_a_foreign_host(shared_server: Server, browser: Browser, address: str, host: str) -> None:
    """DNS rebinding: the page's name leads to this machine, and origin and host agree."""
    name = host.format(port=shared_server.port)
    answer = handshake(shared_server.port, address, {"Origin": f"http://{name}", **browser.headers}, name)
    assert answer.split(" ")[1] in ("400", "403"), answer


@pytest.mark.parametrize("path", ["/", "/api/ws", "/api/ws/sessions/", "/api/ws/users", "/api/projects"])
def test_it_refuses_a_socket_where_there_is_none(shared_server: Server, path: str) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        open_socket(f"ws://127.0.0.1:{shared_server.port}{path}", Authorization=f"Bearer {shared_server.token}")


def handshake(port: int, address: str, headers: dict[str, str], host: str | None = None) -> str:
    """The status line that answers a handshake with headers that no well-behaved library would send."""
    path = "/" + address.split("/", 3)[3]
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {f'127.0.0.1:{port}' if host is None else host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
        return connection.recv(4096).decode("latin-1").split("\r\n")[0]
