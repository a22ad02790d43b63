"""An answer that ends badly never looks like a good one: it says what happened, and the turn is not green."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.openai_server import OpenAIServer
from tests.server import Server
from tests.turns.conftest import Talk

Play = Callable[..., Any]


@pytest.fixture
async def play(serve: Callable[..., Server], tmp_path: Path) -> AsyncIterator[Play]:
    """`await play(answers)`: a turn with these answers of the model; the talk once it ended."""
    providers: list[OpenAIServer] = []

    async def play(*answers: list[dict[str, Any]]) -> tuple[Talk, OpenAIServer]:
        provider = await OpenAIServer([*answers]).__aenter__()
        providers.append(provider)
        environment = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": provider.url}
        server = await asyncio.to_thread(lambda: serve(**environment))
        talk = await asyncio.to_thread(Talk, server, tmp_path, "openai:test-model")
        await asyncio.to_thread(talk.say, "go")
        await asyncio.to_thread(talk.wait)
        return talk, provider

    yield play
    for provider in providers:
        await provider.__aexit__(None, None, None)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ([], "The model answered nothing"),
        ([{"text": "\n\n"}], "The model answered nothing"),
        ([{"reasoning": "Hm."}], "The model answered nothing"),
        ([{"reasoning": "Hm."}, {"finish": "length"}], "reached its limit of output before it said anything"),
        ([{"finish": "tool_calls"}], "announced a tool call and sent none"),
        ([{"text": "So"}, {"finish": "error"}], "The provider broke the model's answer off"),
    ],
)
async def test_it_says_what_happened(play: Play, answer: list[dict[str, Any]], words: str) -> None:
    talk, _ = await play(answer)
    message = talk.messages()[-1]
    assert (message["role"], message["status"], message["metadata"]["reason"]) == ("assistant", "failed", "empty")
    assert words in message["metadata"]["error"]
    assert message["tokens_used"], "what it used is known all the same"
    assert talk.status() == "error"
    (turn,) = talk.server.api("GET", f"/api/chats/{talk.chat_id}/turns")["results"]
    assert turn["status"] == "failed"


async def test_the_limit_is_told_where_it_cut_a_call(play: Play) -> None:
    cut = [{"tool": "write_file", "args": '{"path": "a.txt", "content": "half'}, {"finish": "length"}]
    talk, provider = await play(cut, [{"text": "I see."}])
    (call,) = talk.traces()
    assert "reached the limit of output" in call["error"]
    assert "reached the limit of output" in provider.requests[-1].json["messages"][-1]["content"]
    assert not (talk.root / "a.txt").exists()


async def test_a_text_that_the_limit_cut_is_kept_and_marked(play: Play) -> None:
    talk, _ = await play([{"text": "Once upon a"}, {"finish": "length"}])
    message = talk.messages()[-1]
    assert (message["content"], message["status"]) == ("Once upon a", "complete")
    assert message["metadata"]["finish_reason"] == "length"


async def test_a_text_without_end_is_stopped(play: Play) -> None:
    talk, _ = await play([{"text": "word " * 1_000_000, "chunk": 50_000}])
    message = talk.messages()[-1]
    assert message["status"] == "failed"
    assert "more than 4 million characters" in message["metadata"]["error"]
    assert 4_000_000 < len(message["content"]) < 4_500_000


async def test_arguments_that_are_too_large_are_an_error_for_the_model(play: Play) -> None:
    large = [{"tool": "write_file", "args": {"path": "a.txt", "content": "x" * 3_000_000}, "chunk": 100_000}]
    talk, provider = await play(large, [{"text": "I see."}])
    (call,) = talk.traces()
    assert "larger than 1 MB" in call["error"]
    assert len(str(call["input"])) < 10_000
    assert len(provider.requests[-1].body) < 200_000
    assert not (talk.root / "a.txt").exists()
    assert talk.messages()[-1]["content"] == "I see."


async def test_calls_that_are_too_many_are_left_out_and_told(play: Play) -> None:
    many = [{"tool": "search_files", "args": {"pattern": f"word{n}"}, "id": f"call_{n}"} for n in range(70)]
    talk, provider = await play(many, [{"text": "I see."}])
    traces = talk.server.api("GET", f"/api/chats/{talk.chat_id}/traces?limit=200")["results"]
    assert len(traces) == 65
    assert "this one has 6 more" in traces[0]["error"]
    sent = provider.requests[-1].json["messages"]
    assert len(sent[-66]["tool_calls"]) == 65
