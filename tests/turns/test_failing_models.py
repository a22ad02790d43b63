"""What a model does wrong becomes words in the chat; what it said until then is kept, and the chat stays usable."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SCRIPTS_DIR
from tests.openai_server import OpenAIServer
from tests.server import Server
from tests.turns.conftest import Talk


def test_it_shows_the_error_and_keeps_the_text(talk: Callable[..., Talk]) -> None:
    chat = talk([{"text": "So far "}, {"error": {"reason": "overloaded", "message": "The model is busy. Try again."}}])
    with chat.server.socket(chat.session_id) as socket:
        socket.reconnect()
        chat.say("go")
        error = socket.until(lambda frame: frame.get("channel") == "error")
        socket.until(lambda frame: frame.get("status") == "error")
    answer = chat.messages()[-1]
    assert (error["error"], error["reason"]) == ("The model is busy. Try again.", "overloaded")
    assert (answer["content"], answer["status"]) == ("So far ", "failed")
    assert answer["metadata"]["error"] == "The model is busy. Try again."
    assert chat.status() == "error"
    chat.say("again")
    chat.wait()
    assert chat.texts("user") == ["go", "again"]


def test_it_says_so_when_the_model_is_gone_by_now(talk: Callable[..., Talk]) -> None:
    chat = talk([{"text": "x"}])
    name = chat.server.api("GET", f"/api/sessions/{chat.session_id}")["model"].removeprefix("scripted:")
    (SCRIPTS_DIR / f"{name}.json").unlink()
    chat.say("go")
    answer = chat.wait()[-1]
    assert (answer["status"], answer["metadata"]["reason"]) == ("failed", "unknown_model")
    assert name in answer["metadata"]["error"]


async def test_it_says_what_to_do_about_a_wrong_key(serve: Callable[..., Server], tmp_path: Path) -> None:
    refusal = {"status": 401, "body": {"error": {"message": "Incorrect API key provided: sk-wrong"}}}
    async with OpenAIServer([[refusal], [{"text": "Now it fits."}]]) as provider:
        environment = {"OPENAI_API_KEY": "sk-wrong", "OPENAI_BASE_URL": provider.url}
        server = await asyncio.to_thread(lambda: serve(**environment))
        chat = await asyncio.to_thread(Talk, server, tmp_path, "openai:test-model")
        await asyncio.to_thread(chat.say, "go")
        answer = (await asyncio.to_thread(chat.wait))[-1]
        assert (answer["status"], answer["metadata"]["reason"]) == ("failed", "auth")
        assert "OPENAI_API_KEY" in answer["metadata"]["error"]
        assert "sk-wrong" not in str(answer)
        await asyncio.to_thread(chat.say, "again")
        assert (await asyncio.to_thread(chat.wait))[-1]["content"] == "Now it fits."


def test_it_tells_the_model_of_an_unknown_tool_and_of_bad_arguments(talk: Callable[..., Talk]) -> None:
    chat = talk(
        [
            {"tool": "teleport", "args": {}},
            {"expect": "no tool named"},
            {"tool": "read_file", "args": "{not json"},
            {"expect": "not JSON"},
            {"tool": "read_file", "args": {"path": 7}},
            {"expect": "was not run"},
            {"text": "I see."},
        ]
    )
    chat.say("go")
    assert chat.wait()[-1]["content"] == "I see."
    assert [trace["status"] for trace in chat.traces()] == ["error"] * 3


@pytest.mark.parametrize(
    "call",
    [
        {"tool": "read_file", "args": {"path": "x", "limit": float("nan")}},
        {"tool": "read_file", "args": {"path": "x", "limit": float("inf")}},
        {"tool": "read\ud800_\0file", "args": {"pa\0th": "\ud83d"}},
        {"tool": "x" * 5000, "args": {}},
    ],
)
def test_it_goes_on_after_a_call_that_no_column_takes(talk: Callable[..., Talk], call: dict[str, Any]) -> None:
    chat = talk([call, {"text": "I see."}])
    chat.say("go")
    assert chat.wait()[-1]["content"] == "I see."
    assert [trace["status"] for trace in chat.traces()] == ["error"]


@pytest.mark.parametrize("count", [10**12, 10**30, -1])
def test_it_believes_no_count_of_tokens_that_can_not_be(talk: Callable[..., Talk], count: int) -> None:
    chat = talk([{"text": "So."}, {"usage": {"prompt_tokens": count, "completion_tokens": 5}}])
    chat.say("go")
    answer = chat.wait()[-1]
    assert (answer["status"], answer["content"], answer["tokens_used"]) == ("complete", "So.", 5)


async def test_it_tells_calls_apart_that_have_the_same_id(serve: Callable[..., Server], tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        (tmp_path / name).write_text(f"this is {name}")
    answers = [
        [{"tool": "read_file", "args": {"path": name}, "id": "0"} for name in ("a.txt", "b.txt")],
        [{"tool": "read_file", "args": {"path": "c.txt"}, "id": "0"}],
        [{"text": "Three files."}],
    ]
    async with OpenAIServer(answers) as provider:
        environment = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": provider.url}
        server = await asyncio.to_thread(lambda: serve(**environment))
        chat = await asyncio.to_thread(Talk, server, tmp_path, "openai:test-model")
        await asyncio.to_thread(chat.say, "go")
        messages = await asyncio.to_thread(chat.wait)
        asked = provider.asked[-1].json["messages"]
    assert messages[-1]["content"] == "Three files."
    results = {message["tool_call_id"]: message["content"] for message in asked if message["role"] == "tool"}
    assert [text.split("this is ")[1][:5] for text in results.values()] == ["a.txt", "b.txt", "c.txt"]


def test_it_stops_a_model_that_repeats_itself(talk: Callable[..., Talk]) -> None:
    chat = talk([{"repeat": 50, "of": [{"tool": "list_files", "args": {"path": "."}}, {"step": True}]}])
    chat.say("go")
    messages = chat.wait()
    assert messages[-1]["role"] == "system"
    assert "same arguments" in messages[-1]["content"]
    assert 3 < len(chat.traces()) < 10
    assert "same arguments" in chat.traces()[3]["error"]


def test_it_stops_after_the_limit_of_steps(serve: Callable[..., Server], talk: Callable[..., Talk]) -> None:
    server = serve(BOOCODE_MAX_STEPS="5")
    chat = talk([{"repeat": 50, "of": [{"tool": "read_file", "args": {"path": "{i}"}}, {"step": True}]}], server=server)
    chat.say("go")
    messages = chat.wait()
    assert len(chat.traces()) == 5
    assert "Stopped after 5 steps" in messages[-1]["content"]
