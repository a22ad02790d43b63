"""Whatever a model sends, in whatever pieces: what is told is what the SDK and pydantic-ai alone would have said."""

import asyncio
from collections.abc import AsyncIterator
from itertools import groupby, pairwise
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chats.providers import openai_client
from chats.providers.base import ModelEvent, ReasoningDelta, TextDelta
from chats.providers.config import ProviderConfig
from chats.providers.joining import join_deltas
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


class Body(httpx2.AsyncByteStream):
    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            yield piece


def body_of(deltas: list[dict[str, Any]], calls: bool) -> bytes:
    usage = {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}
    last = [chunk({}, "tool_calls" if calls else "stop"), {**chunk({}), "choices": [], "usage": usage}]
    chunks = [*map(chunk, deltas), *([chunk(CALL)] if calls else []), *last]
    return b"".join(map(event, chunks)) + b"data: [DONE]\n\n"


def pieces_of(body: bytes, cuts: list[float]) -> list[bytes]:
    places = sorted({0, len(body), *(int(cut * len(body)) for cut in cuts)})
    return [body[begin:end] for begin, end in pairwise(places)]


async def leave_alone(_response: httpx2.Response) -> None:
    pass


async def said(pieces: list[bytes], hook: Any, monkeypatch: pytest.MonkeyPatch) -> list[ModelEvent]:
    def answer(_request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, stream=Body(pieces))

    def client(_base_url: str) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(transport=httpx2.MockTransport(answer))

    monkeypatch.setattr(openai_client, "http_client", client)
    monkeypatch.setattr(openai_client, "join_deltas", hook)
    model = open_model("openai:test", ProviderConfig(openai_base_url="http://test/v1", openai_api_key="k", retries=0))
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


@settings(max_examples=150, deadline=None)
@given(DELTAS, st.booleans(), st.lists(st.floats(0, 1), max_size=12))
def test_telling_ahead_changes_nothing(deltas: list[dict[str, Any]], calls: bool, cuts: list[float]) -> None:
    async def both() -> None:
        body = body_of(deltas, calls)
        with pytest.MonkeyPatch.context() as monkeypatch:
            alone = await said([body], leave_alone, monkeypatch)
            ahead = await said(pieces_of(body, cuts), join_deltas, monkeypatch)
            each = await said([block + b"\n\n" for block in body.split(b"\n\n")[:-1]], join_deltas, monkeypatch)
        assert whole(ahead) == whole(alone)
        assert whole(each) == whole(alone)

    asyncio.run(both())
