import json
from typing import Any

import pytest

from chats.providers.joining import joined
from tests.openai_server import chunk, event
from tests.providers.playing import play


def said(**delta: Any) -> bytes:
    return event(chunk(delta))


def deltas(events: bytes) -> list[dict[str, Any]]:
    return [json.loads(block[6:])["choices"][0]["delta"] for block in events.split(b"\n\n")[:-1]]


def test_it_joins_neighbours_of_one_kind() -> None:
    events = said(content="a") + said(content="b") + said(reasoning_content="c") + said(content="d")
    assert deltas(joined(events)) == [{"content": "ab"}, {"reasoning_content": "c"}, {"content": "d"}]


def test_it_leaves_a_single_event_as_it_is() -> None:
    assert joined(said(content="a")) == said(content="a")


@pytest.mark.parametrize(
    "other",
    [
        said(tool_calls=[{"index": 0, "function": {"arguments": "{"}}]),
        said(content="<think>"),
        said(content=None),
        event(chunk({"content": "b"}, "stop")),
        event({**chunk({"content": "b"}), "usage": {"total_tokens": 1}}),
        event({"error": {"message": "no"}}),
        b"data: [DONE]\n\n",
        b": a comment\n\n",
        b"data: {broken\n\n",
    ],
)
def test_it_joins_nothing_with_what_says_more_than_text(other: bytes) -> None:
    assert joined(said(content="a") + other + said(content="c")) == said(content="a") + other + said(content="c")


async def test_the_answer_is_the_same(serve: Any, ask: Any) -> None:
    """Without a pause the deltas come faster than they can be taken."""
    text = "Grüße, 世界 👋 <b>\n\n" * 300
    answer = [{"reasoning": "Hm, let me see. " * 50, "chunk": 2}, {"text": text, "chunk": 3}]
    played = await play(ask(await serve([[*answer, {"tool": "read_file", "args": {"path": "a"}, "chunk": 3}]])))
    assert (played.reasoning, played.text) == ("Hm, let me see. " * 50, text)
    assert [call.args for call in played.calls] == [{"path": "a"}]
