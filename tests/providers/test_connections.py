"""What carries an answer: TLS, proxies, connections that are used again, and those that are over."""

import asyncio
import gzip
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from itertools import pairwise
from typing import Any

import pytest
import trustme
from hypothesis import given, settings
from hypothesis import strategies as st

from chats.providers import http
from chats.providers.base import TextDelta
from chats.providers.sse import MAX_EVENT_BYTES
from tests.openai_server import OpenAIServer, chunk, event, read_request
from tests.providers.playing import HELLO, SYSTEM, TOOLS, Played, play
from tests.providers.reading import read_answer

SAID = event(chunk({"content": "Hi"}))
END = event(chunk({}, "stop")) + b"data: [DONE]\n\n"
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"

Speak = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]


def in_chunks(*bodies: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(body), body) for body in bodies) + b"0\r\n\r\n"


@asynccontextmanager
async def speaking(speak: Speak) -> AsyncIterator[str]:
    """A server that does what `speak` says on each connection; gives its base URL."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await speak(reader, writer)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        server.close()
        await http.close_session()


async def played(ask: Any, serve: Any, answer: bytes) -> Played:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answer)
        await writer.drain()

    async with speaking(speak) as url:
        return await play(ask(await serve([]), openai_base_url=url))


@pytest.mark.parametrize(
    "answer",
    [
        HEAD + b"content-length: %d\r\n\r\n%b" % (len(SAID + END), SAID + END),
        HEAD + b"\r\n" + SAID + END,
        CHUNKED + in_chunks(SAID, END),
        CHUNKED + b"%x  \r\n%b\r\n%b" % (len(SAID), SAID, in_chunks(END)),
        HEAD + b"content-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n" + in_chunks(gzip.compress(SAID + END)),
        b"HTTP/1.1 100 Continue\r\n\r\n" + CHUNKED + in_chunks(SAID + END),
        HEAD.replace(b"text/event-stream", b"text/plain") + b"\r\n" + SAID + END,
    ],
)
async def test_it_reads_an_answer_however_it_is_sent(ask: Any, serve: Any, answer: bytes) -> None:
    assert (await played(ask, serve, answer)).text == "Hi"


@pytest.mark.parametrize(
    ("answer", "reason", "text"),
    [
        (b"this is no HTTP\r\n\r\n" + SAID, "network", ""),
        (CHUNKED + b"nonsense\r\n", "network", ""),
        (b"", "network", ""),
        (HEAD + b"\r\n" + SAID + b"data: " + b"x" * (MAX_EVENT_BYTES + 1), "bad_response", "Hi"),
    ],
)
async def test_it_says_so_where_an_answer_is_none(ask: Any, serve: Any, answer: bytes, reason: str, text: str) -> None:
    found = await played(ask, serve, answer)
    assert (found.failure.reason, found.text) == (reason, text)


async def test_it_reads_no_more_than_an_answer_may_have(ask: Any, serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_ANSWER_BYTES", 1000)
    found = await played(ask, serve, HEAD + b"\r\n" + SAID * 1000)
    assert found.failure.reason == "bad_response"


async def test_it_speaks_over_tls(ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    monkeypatch.setattr(http, "ssl_context", lambda: trusting(authority))
    async with OpenAIServer(
        [[{"text": "Hello over TLS.", "chunk": 1, "pace_ms": 1}]], tls=serving(authority)
    ) as server:
        assert server.url.startswith("https:")
        found = await play(ask(server))
    assert found.text == "Hello over TLS."
    assert len(found.texts) > 3


async def test_it_trusts_the_certificates_that_the_environment_names(
    ask: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    monkeypatch.setattr(http, "ssl_context", http.ssl_context.__wrapped__)
    async with OpenAIServer([[{"text": "Hello."}]], tls=serving(authority)) as server:
        assert (await play(ask(server))).text == "Hello."


async def test_it_refuses_a_certificate_that_nobody_vouches_for(ask: Any) -> None:
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


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "ALL_PROXY"])
async def test_it_goes_through_a_proxy(serve: Any, ask: Any, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    proxy = await serve([[{"text": "Hello from afar."}]])
    monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.port}")
    assert (await play(ask(proxy, openai_base_url="http://model.test/v1"))).text == "Hello from afar."
    assert proxy.asked[0].path == "http://model.test/v1/chat/completions"


async def test_it_goes_around_the_proxy_where_the_environment_says_so(
    serve: Any, ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = await serve([])
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,.test")
    assert http.find_proxy("http://model.test/v1") is None
    assert http.find_proxy("http://model.other/v1") == f"http://127.0.0.1:{proxy.port}"
    monkeypatch.setenv("HTTP_PROXY", "socks5://127.0.0.1:1")
    failure = (await play(ask(proxy, openai_base_url="http://model.other/v1"))).failure
    assert failure.reason == "not_configured"


async def test_it_uses_a_connection_again_in_the_next_turn(serve: Any, ask: Any) -> None:
    server = await serve([[{"text": "One."}], [{"text": "Two."}]])
    first = await play(ask(server))
    open_before = list(server._open)
    second = await play(ask(server), [*HELLO, first.as_item(), *HELLO])
    assert second.text == "Two."
    assert list(server._open) == open_before


async def test_it_does_not_use_one_that_the_server_closed_meanwhile(serve: Any, ask: Any) -> None:
    server = await serve([[{"text": "One."}], [{"text": "Two."}]])
    model = ask(server)
    first = await play(model)
    server.hang_up()
    await asyncio.sleep(0.1)
    assert (await play(model, [*HELLO, first.as_item(), *HELLO])).text == "Two."


async def test_it_does_not_use_one_that_ended_while_all_was_busy(serve: Any, ask: Any) -> None:
    connections = 0

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await read_request(reader)
        writer.write(CHUNKED + in_chunks(SAID, END))
        await writer.drain()

    async with speaking(speak) as url:
        model = ask(await serve([]), openai_base_url=url)
        for _ in range(3):
            assert (await play(model)).text == "Hi"
            time.sleep(0.05)  # noqa: ASYNC251 - the event loop hears nothing meanwhile
    assert connections == 3


async def test_it_does_not_wait_long_for_the_end_of_a_connection(serve: Any, ask: Any) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(HEAD + b"\r\n" + SAID + END)
        await reader.read()

    async with speaking(speak) as url:
        began = time.monotonic()
        assert (await play(ask(await serve([]), openai_base_url=url))).end.finish_reason == "stop"
    assert time.monotonic() - began < 10


async def test_it_says_nothing_and_closes_the_connection_after_it_is_given_up(serve: Any, ask: Any) -> None:
    gone = asyncio.Event()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(CHUNKED + b"%x\r\n%b\r\n" % (len(SAID), SAID))
        await reader.read()
        gone.set()

    async with speaking(speak) as url:
        async with aclosing(ask(await serve([]), openai_base_url=url).stream(SYSTEM, HELLO, TOOLS)) as stream:
            assert await anext(stream) == TextDelta("Hi")
        await asyncio.wait_for(gone.wait(), 5)
        assert [event async for event in stream] == []


async def test_a_name_that_is_none_is_refused_as_such(ask: Any, serve: Any) -> None:
    failure = (await play(ask(await serve([]), openai_base_url="http://a..b/v1"))).failure
    assert failure.reason == "network"


async def test_a_large_request_goes_out_whole(serve: Any, ask: Any) -> None:
    server = await serve([[{"text": "Read."}]])
    large = "x" * 3_000_000
    assert (await play(ask(server), system=large)).text == "Read."
    assert server.asked[0].json["messages"][0]["content"] == large


WORDS = ["word ", "ü", "世界", "", " ", "\n\n", "<", "<b>", "think", ">", "👋", "}", "\\r\n", "a\u200db"]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["content", "reasoning_content"]), st.sampled_from(WORDS)), max_size=25),
    st.lists(st.floats(0, 1), max_size=12),
)
def test_it_tells_every_character_in_order(deltas: list[tuple[str, str]], cuts: list[float]) -> None:
    data = b"".join(event(chunk({name: word})) for name, word in deltas) + END
    places = sorted({0, len(data), *(int(cut * len(data)) for cut in cuts)})
    told = read_answer("openai_chat", [data[begin:end] for begin, end in pairwise(places)])
    text = "".join(word for name, word in deltas if name == "content")
    assert "".join(delta.content for delta in told if isinstance(delta, TextDelta)) == (text if text.strip() else "")
