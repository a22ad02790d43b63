"""Whatever a model sends, in whatever pieces: what is told is what the SDK and pydantic-ai alone would have said."""

import asyncio
from collections.abc import Iterable
from functools import partial
from itertools import groupby, pairwise
from typing import Any

import httpcore2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chats.providers import ahead, network
from chats.providers.base import ModelEvent, ReasoningDelta, TextDelta
from chats.providers.config import ProviderConfig
from chats.providers.registry import open_model
from tests.openai_server import chunk, event
from tests.providers.playing import HELLO, SYSTEM, TOOLS

WORDS = st.sampled_from(
    [
        "word ",
        "ü",
        "世界",
        "",
        " ",
        "\n\n",
        "<",
        "<b>",
        "<think>",
        "think",
        ">",
        "\ud83d",
        "\ude00",
        "</think>",
        "<\u200d|im_end|>",
        "a\u200db",
        "}",
        "\\r\n",
    ]
)
NAMES = st.sampled_from(["content", "content", "content", "reasoning_content", "reasoning"])
TEXTS = st.builds(lambda name, word: {name: word}, NAMES, WORDS)
CALL = {"tool_calls": [{"index": 0, "id": "c1", "function": {"name": "read_file", "arguments": '{"path": "a"}'}}]}
OTHERS = st.sampled_from([{"role": "assistant", "content": "Hi "}, {"content": None}, {}])
DELTAS = st.lists(TEXTS | OTHERS, max_size=25)


class Peer(asyncio.Transport):
    """The other end of a connection: it answers a request with these pieces, one in each turn of the event loop."""

    def __init__(self, wire: network.Wire, pieces: Iterable[bytes]) -> None:
        super().__init__()
        self.wire = wire
        self.pieces = iter(pieces)
        self.asked = False

    def write(self, data: Any) -> None:
        if not self.asked:
            self.asked = True
            asyncio.get_running_loop().call_soon(self.send)

    def send(self) -> None:
        if (piece := next(self.pieces, None)) is not None:
            self.wire.data_received(piece)
            asyncio.get_running_loop().call_soon(self.send)

    def is_closing(self) -> bool:
        return False

    def abort(self) -> None:
        pass


class Backend(network.Backend):
    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = pieces

    async def connect_tcp(self, *_: Any, **__: Any) -> httpcore2.AsyncNetworkStream:
        wire = network.Wire()
        wire.connection_made(Peer(wire, self.pieces))
        return wire


def body_of(deltas: list[dict[str, Any]], calls: bool) -> bytes:
    usage = {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}
    last = [chunk({}, "tool_calls" if calls else "stop"), {**chunk({}), "choices": [], "usage": usage}]
    chunks = [*map(chunk, deltas), *([chunk(CALL)] if calls else []), *last]
    return b"".join(map(event, chunks)) + b"data: [DONE]\n\n"


def pieces_of(body: bytes, cuts: list[float]) -> list[bytes]:
    places = sorted({0, len(body), *(int(cut * len(body)) for cut in cuts)})
    return [body[begin:end] for begin, end in pairwise(places)]


def response_of(chunks: Iterable[bytes]) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


async def play(model_name: str, pieces: list[bytes], told_ahead: bool) -> list[ModelEvent]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(network, "Backend", lambda: Backend(pieces))
        if not told_ahead:
            patch.setattr(ahead, "current", ahead.ContextVar("nobody", default=None))
        servers = {"ollama": "http://test/v1"}
        config = ProviderConfig(openai_base_url="http://test/v1", openai_api_key="k", retries=0, local_servers=servers)
        model = open_model(model_name, config)
        try:
            return [event async for event in model.stream(SYSTEM, HELLO, TOOLS)]
        finally:
            await model.aclose()


def whole(events: list[ModelEvent]) -> list[Any]:
    """Neighbouring deltas of one kind as one: into how many they are cut is no one's business."""
    joined: list[Any] = []
    for kind, run in groupby(events, type):
        if kind in (TextDelta, ReasoningDelta):
            joined.append((kind, "".join(event.content for event in run)))  # type: ignore[union-attr]
        else:
            joined += run
    return joined


# The second one's white space at the beginning is left out by pydantic-ai.
MODELS = st.sampled_from(["openai:test", "ollama:qwen3"])
CUTS = st.lists(st.floats(0, 1), max_size=12)


@settings(max_examples=150, deadline=None)
@given(MODELS, DELTAS, st.booleans(), CUTS, CUTS, st.integers(1, 40))
def test_telling_ahead_changes_nothing(
    model: str, deltas: list[dict[str, Any]], calls: bool, chunks: list[float], cuts: list[float], held: int
) -> None:
    async def both() -> None:
        said = partial(play, model)
        body = body_of(deltas, calls)
        response = response_of(pieces_of(body, chunks))
        each = [block + b"\n\n" for block in body.split(b"\n\n")[:-1]]
        alone = await said([response], told_ahead=False)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ahead, "MAX_HELD_CHARS", held)
            assert whole(await said(pieces_of(response, cuts), told_ahead=True)) == whole(alone)
        assert whole(await said(pieces_of(response_of(each), cuts), told_ahead=True)) == whole(alone)

    asyncio.run(both())
