"""What is too large is refused before it is taken: by its length, or while it comes."""

import json
import socket
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest

from tests.server import Server

MEGABYTE = 1024 * 1024


def send(server: Server, head: str, parts: Iterator[bytes]) -> tuple[str, dict[str, str], int]:
    """The status line, the JSON and how many bytes were taken before the answer."""
    sent = 0
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=10)) as connection:
        connection.sendall(f"{head}Host: 127.0.0.1:{server.port}\r\n\r\n".encode())
        with suppress(ConnectionError):
            for part in parts:
                connection.sendall(part)
                sent += len(part)
                connection.setblocking(False)
                with suppress(BlockingIOError):
                    if connection.recv(1, socket.MSG_PEEK):
                        break
                connection.settimeout(10)
        connection.settimeout(10)
        answer = b""
        with suppress(ConnectionError):
            while data := connection.recv(65536):
                answer += data
    head, _, body = answer.decode().partition("\r\n\r\n")
    return head.splitlines()[0], json.loads(body), sent


def nothing() -> Iterator[bytes]:
    yield from ()


@pytest.mark.parametrize("who", ["", "Authorization: Bearer {}\r\n"])
@pytest.mark.parametrize("path", ["/api/projects", "/login", "/nowhere"])
def test_a_length_is_refused_before_the_body_comes(shared_server: Server, who: str, path: str) -> None:
    head = f"POST {path} HTTP/1.1\r\nContent-Length: {300 * MEGABYTE}\r\n{who.format(shared_server.token)}"
    status, answer, _ = send(shared_server, head, nothing())
    assert status == "HTTP/1.1 413 Content Too Large"
    assert "larger than 4 MB" in answer["detail"]


def test_a_body_of_unknown_length_is_refused_while_it_comes(shared_server: Server) -> None:
    chunk = b"100000\r\n" + b"x" * MEGABYTE + b"\r\n"
    head = "POST /api/projects HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"
    status, _, sent = send(shared_server, head, (chunk for _ in range(300)))
    assert status == "HTTP/1.1 413 Content Too Large"
    assert sent < 40 * MEGABYTE


def test_what_follows_a_refused_request_is_no_request(shared_server: Server) -> None:
    head = f"POST /api/projects HTTP/1.1\r\nContent-Length: {5 * MEGABYTE}\r\n"
    smuggled = b"x" * 5 * MEGABYTE + b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    status, answer, _ = send(shared_server, head, iter([smuggled]))
    assert status == "HTTP/1.1 413 Content Too Large"
    assert list(answer) == ["detail"]


def test_large_cookies_are_refused(shared_server: Server) -> None:
    status, answer, _ = send(shared_server, f"GET / HTTP/1.1\r\nCookie: a={'x' * 9000}\r\n", nothing())
    assert status.startswith("HTTP/1.1 431")
    assert "cookies" in answer["detail"]
