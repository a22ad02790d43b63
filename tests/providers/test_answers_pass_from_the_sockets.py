"""Between the socket and the HTTP client: all but the text of event streams passes as it is, whatever carries it."""

import asyncio
import gzip
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from typing import Any

import h11
import httpcore2
import httpx2
import pytest
import trustme

from chats.providers import http, network
from chats.providers.ahead import Ahead, current
from chats.providers.base import ReasoningDelta, TextDelta
from chats.providers.joining import MAX_EVENT_BYTES, Answer
from tests.openai_server import OpenAIServer, chunk, event
from tests.providers.playing import HELLO, SYSTEM, TOOLS, play

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"
SAID = event(chunk({"content": "a"})) + event(chunk({"content": "b"}))


def in_chunks(*bodies: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(body), body) for body in bodies) + b"0\r\n\r\n"


OTHERS = [
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n" + in_chunks(b"{}"),
    HEAD + b"content-length: %d\r\n\r\n%b" % (len(SAID), SAID),
    HEAD + b"\r\n" + SAID,
    HEAD + b"content-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n" + in_chunks(gzip.compress(SAID)),
    b"HTTP/1.1 429 Too Many\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n" + in_chunks(SAID),
    b"HTTP/1.1 100 Continue\r\n\r\n" + CHUNKED + in_chunks(SAID),
    b"this is no HTTP\r\n\r\n" + SAID,
    (CHUNKED + in_chunks(SAID * 500)).replace(b"\r", b""),
]


class Told(list[TextDelta | ReasoningDelta]):
    def answer(self) -> Answer:
        return Answer(speaking(self))


def speaking(told: list[TextDelta | ReasoningDelta]) -> Ahead:
    """The SDK has passed on a first delta of text."""
    ahead = Ahead(told.append)
    ahead.take(event(chunk({"content": "Go: "})))
    ahead.passed_on(TextDelta("Go: "))
    told.clear()
    return ahead


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[begin:end] for begin, end in pairwise([*range(0, len(data), size), len(data)])]


def body_of(response: bytes) -> bytes:
    """As an HTTP client takes it."""
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="GET", target="/", headers=[("host", "test")]))
    client.send(h11.EndOfMessage())
    client.receive_data(response)
    body = b""
    while not isinstance(found := client.next_event(), h11.EndOfMessage):
        assert found is not h11.NEED_DATA
        body += bytes(found.data) if isinstance(found, h11.Data) else b""
    return body


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize("response", OTHERS)
def test_what_is_no_event_stream_in_chunks_passes_as_it_is(response: bytes, size: int) -> None:
    told = Told()
    answer = told.answer()
    passed = [answer.take(piece) for piece in cut(response, size)]
    assert passed == cut(response, size)
    assert answer.end() == b""
    assert told == []


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_text_is_told_and_passes_in_one_piece(size: int) -> None:
    told = Told()
    answer = told.answer()
    response = CHUNKED + in_chunks(SAID[:50], SAID[50:])
    passed = b"".join(answer.take(piece) for piece in cut(response, size))
    assert "".join(delta.content for delta in told) == "ab"
    assert body_of(passed) == event(chunk({"content": "ab"}))


def test_lines_that_end_in_another_way_pass_in_order() -> None:
    answer = Told().answer()
    strange = SAID.replace(b"\n", b"\r\n")
    passed = b"".join(answer.take(piece) for piece in cut(CHUNKED + in_chunks(SAID, strange, SAID), 11))
    assert body_of(passed).replace(b"\r", b"").count(b'"content": "') == 5
    assert body_of(passed).endswith(strange + SAID)


def test_a_size_with_spaces_after_it_is_one() -> None:
    """As some servers write it."""
    answer = Told().answer()
    passed = answer.take(CHUNKED + b"%x  \r\n%b\r\n0\r\n\r\n" % (len(SAID), SAID))
    assert body_of(passed) == event(chunk({"content": "ab"}))


def test_an_event_without_an_end_is_not_kept() -> None:
    answer = Told().answer()
    answer.take(CHUNKED)
    endless = b"data: " + b"x" * MAX_EVENT_BYTES
    assert endless in answer.take(b"%x\r\n%b\r\n" % (len(endless), endless))
    assert answer.take(b"3\r\nabc\r\n") == b""


def test_what_was_told_before_a_break_passes_before_it() -> None:
    told = Told()
    answer = told.answer()
    passed = answer.take(CHUNKED + b"%x\r\n%b" % (len(SAID) + 5, SAID))
    assert told == [TextDelta("ab")]
    assert body_of(passed + answer.end() + b"0\r\n\r\n") == event(chunk({"content": "ab"}))


def test_a_broken_chunk_is_broken_for_the_http_client_too() -> None:
    answer = Told().answer()
    passed = answer.take(CHUNKED + b"%x\r\n%b\r\n" % (len(SAID), SAID) + b"nonsense\r\n")
    with pytest.raises(h11.RemoteProtocolError, match="chunk"):
        body_of(passed)
    assert SAID in passed


class Idle(asyncio.Transport):
    """Takes all and says nothing."""

    reading = True

    def write(self, data: Any) -> None:
        pass

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


async def test_a_server_that_says_too_much_is_not_read_until_somebody_reads() -> None:
    wire, transport = network.Wire(), Idle()
    wire.connection_made(transport)
    for _ in range(5):
        wire.data_received(b"x" * network.MAX_UNSEEN_BYTES)
    assert not transport.reading
    assert await wire.read(100) == b"x" * 100
    assert transport.reading


async def test_what_came_before_the_connection_broke_is_read_first() -> None:
    wire = network.Wire()
    wire.connection_made(Idle())
    wire.data_received(b"so far")
    wire.connection_lost(ConnectionResetError("gone"))
    assert await wire.read(100) == b"so far"
    with pytest.raises(httpcore2.ReadError, match="gone"):
        await wire.read(100)


async def test_nothing_is_written_to_a_connection_that_is_over() -> None:
    wire = network.Wire()
    wire.connection_made(Idle())
    wire.eof_received()
    with pytest.raises(httpcore2.WriteError, match="closed"):
        await wire.write(b"GET / HTTP/1.1\r\n\r\n")


async def test_what_comes_while_nobody_reads_is_not_told_yet() -> None:
    """The SDK has not passed on what it read before."""
    told: list[TextDelta | ReasoningDelta] = []
    wire = network.Wire()
    wire.connection_made(Idle())
    current.set(speaking(told))
    await wire.write(b"GET / HTTP/1.1\r\n\r\n")
    wire.data_received(CHUNKED + in_chunks(SAID))
    wire.connection_lost(None)
    assert told == []
    assert body_of(await wire.read(10_000)) == event(chunk({"content": "ab"}))


async def test_over_tls(ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    monkeypatch.setattr(http, "ssl_context", lambda: trusting(authority))
    async with OpenAIServer([[{"text": "Hello over TLS.", "chunk": 1}]], tls=serving(authority)) as server:
        assert server.url.startswith("https:")
        played = await play(ask(server))
    assert played.text == "Hello over TLS."
    assert len(played.texts) > 3


@pytest.mark.parametrize("farewell", [True, False])
async def test_over_tls_to_the_last_byte_although_the_server_has_left(farewell: bool) -> None:
    size, authority = 1_000_000, trustme.CA()
    head = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % size

    def speak(socket_: socket.socket) -> None:
        with serving(authority).wrap_socket(socket_, server_side=True) as secured:
            secured.recv(10_000)
            secured.sendall(head + b"x" * size)
            if farewell:
                secured.settimeout(0)
                with suppress(OSError):
                    secured.unwrap()

    async with in_a_thread(speak) as port, client(verify=trusting(authority)) as asking:
        answer = await asking.get(f"https://127.0.0.1:{port}/")
    assert len(answer.content) == size


async def test_a_connection_that_is_given_up_is_closed_at_once() -> None:
    """Although the server has not taken all that was to be said; it gets no more of it."""
    given_up, size, taken = threading.Event(), 50_000_000, list[int]()

    def listen(socket_: socket.socket) -> None:
        with socket_, suppress(ConnectionResetError):
            socket_.settimeout(10)
            given_up.wait(10)
            while piece := socket_.recv(1_000_000):
                taken.append(len(piece))

    async with in_a_thread(listen) as port:
        async with client(timeout=httpx2.Timeout(5, write=0.3)) as asking:
            with pytest.raises(httpx2.WriteTimeout):
                await asking.post(f"http://127.0.0.1:{port}/", content=b"x" * size)
        await asyncio.sleep(0.1)
        given_up.set()
        await asyncio.sleep(0.5)
    assert sum(taken) < size


async def test_a_connection_that_ended_while_all_was_busy_is_not_used_again() -> None:
    def speak(socket_: socket.socket) -> None:
        with socket_:
            socket_.recv(10_000)
            socket_.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            time.sleep(0.1)

    async with in_a_thread(speak) as port, client() as asking:
        for _ in range(3):
            assert (await asking.post(f"http://127.0.0.1:{port}/", content=b"x")).text == "ok"
            time.sleep(0.3)  # noqa: ASYNC251 - the event loop hears nothing meanwhile


async def test_a_name_that_is_none_is_refused_as_such(ask: Any, serve: Any) -> None:
    failure = (await play(ask(await serve([]), openai_base_url="http://a..b/v1"))).failure
    assert failure.reason == "network"


def client(**options: Any) -> httpx2.AsyncClient:
    made = httpx2.AsyncClient(trust_env=False, **options)
    network.tell_ahead(made)
    return made


@asynccontextmanager
async def in_a_thread(serve: Callable[[socket.socket], None]) -> AsyncIterator[int]:
    """A server that does not need this event loop; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor() as threads:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    threads.submit(serve, listening.accept()[0])

        threads.submit(accept)
        try:
            yield listening.getsockname()[1]
        finally:
            listening.shutdown(socket.SHUT_RDWR)


async def test_a_certificate_that_nobody_vouches_for_is_refused(ask: Any) -> None:
    async with OpenAIServer([[{"text": "Hello."}]], tls=serving(trustme.CA())) as server:
        failure = (await play(ask(server))).failure
    assert failure.reason == "network"
    assert server.requests == []


def serving(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


async def test_through_a_proxy(serve: Any, ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = await serve([[{"text": "Hello from afar.", "chunk": 1}]])
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
    played = await play(ask(proxy, openai_base_url="http://model.test/v1"))
    assert played.text == "Hello from afar."
    assert len(played.texts) > 3
    assert proxy.asked[0].path == "http://model.test/v1/chat/completions"


async def test_a_connection_that_the_server_closed_meanwhile_is_not_used_again(serve: Any, ask: Any) -> None:
    server = await serve([[{"text": "One."}], [{"text": "Two."}]])
    model = ask(server)
    first = await play(model)
    server.hang_up()
    await asyncio.sleep(0.1)
    stream = model.stream(SYSTEM, [*HELLO, first.as_item(), *HELLO], TOOLS)
    assert [event.content async for event in stream if isinstance(event, TextDelta)] == ["Two."]


async def test_a_large_request_goes_out_whole(serve: Any, ask: Any) -> None:
    server = await serve([[{"text": "Read."}]])
    large = "x" * 3_000_000
    assert [event async for event in ask(server).stream(large, HELLO, TOOLS)]
    assert server.asked[0].json["messages"][0]["content"] == large
