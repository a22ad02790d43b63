from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from chats.providers.base import Model, ToolOutput, UserText
from chats.providers.config import ProviderConfig
from chats.providers.registry import close, open_model
from tests.providers.event_server import EventServer, serving
from tests.providers.playing import CANARY, SYSTEM, TOOLS, play

NAME = "anthropic:claude-sonnet-5-5"
USAGE = {"input_tokens": 10, "cache_read_input_tokens": 90, "cache_creation_input_tokens": 5, "output_tokens": 1}
START = {
    "type": "message_start",
    "message": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5-5",
        "content": [],
        "stop_reason": None,
        "usage": USAGE,
    },
}


def block(index: int, start: dict[str, Any], *deltas: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"type": "content_block_start", "index": index, "content_block": start},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


ANSWER = [
    START,
    *block(
        0,
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "thinking_delta", "thinking": "I should look."},
        {"type": "signature_delta", "signature": "c2lnbmVk"},
    ),
    *block(
        1,
        {"type": "text", "text": ""},
        {"type": "text_delta", "text": "Let me "},
        {"type": "text_delta", "text": "see."},
    ),
    *block(
        2,
        {"type": "tool_use", "id": "toolu_1", "name": "read_file", "input": {}},
        {"type": "input_json_delta", "partial_json": '{"path": '},
        {"type": "input_json_delta", "partial_json": '"a.py"}'},
    ),
    {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 42}},
    {"type": "message_stop"},
]


@asynccontextmanager
async def asking(server: EventServer) -> AsyncIterator[Model]:
    model = open_model(NAME, ProviderConfig(anthropic_api_key=CANARY, anthropic_base_url=server.url, retries=0))
    yield model
    await model.aclose()
    await close()


async def test_it_streams_text_reasoning_calls_and_usage() -> None:
    async with serving(ANSWER) as server, asking(server) as model:
        played = await play(model)
    assert (played.texts, played.reasoning) == (["Let me ", "see."], "I should look.")
    assert [(call.id, call.name, call.args) for call in played.calls] == [("toolu_1", "read_file", {"path": "a.py"})]
    usage = played.end.usage
    assert (usage.prompt_tokens, usage.completion_tokens) == (105, 42)
    assert (usage.cache_tokens, usage.cache_write_tokens) == (90, 5)


async def test_it_asks_for_caching_and_sends_signed_reasoning_back() -> None:
    async with serving(ANSWER) as server, asking(server) as model:
        item = (await play(model)).as_item()
        await play(model, [UserText("Hello"), item, ToolOutput("toolu_1", "read_file", "text of a.py")])
        first, second = (request.json for request in server.requests)
        assert server.requests[0].headers["authorization"] == f"Bearer {CANARY}"
    assert first["system"][-1] == {"type": "text", "text": SYSTEM, "cache_control": {"type": "ephemeral", "ttl": "5m"}}
    assert "cache_control" in first["tools"][-1]
    assert [tool["name"] for tool in first["tools"]] == [tool.name for tool in TOOLS]
    thinking, text, call = second["messages"][1]["content"]
    assert (thinking["thinking"], thinking["signature"]) == ("I should look.", "c2lnbmVk")
    assert (text["text"], call["id"], call["input"]) == ("Let me see.", "toolu_1", {"path": "a.py"})
    assert second["messages"][2]["content"][0]["tool_use_id"] == "toolu_1"
    assert {key: second[key] for key in ("system", "tools", "model")} == {
        key: first[key] for key in ("system", "tools", "model")
    }


@pytest.mark.parametrize(
    ("status", "kind", "message", "reason"),
    [
        (401, "authentication_error", f"invalid x-api-key {CANARY}", "auth"),
        (404, "not_found_error", "model: claude-x", "unknown_model"),
        (429, "rate_limit_error", "slow", "rate_limit"),
        (529, "overloaded_error", "Overloaded", "overloaded"),
        (400, "invalid_request_error", "prompt is too long: 250000 tokens > 200000 maximum", "context_length"),
    ],
)
async def test_it_says_what_went_wrong(status: int, kind: str, message: str, reason: str) -> None:
    error = {"type": "error", "error": {"type": kind, "message": message}}
    async with serving([error], status) as server, asking(server) as model:
        failure = (await play(model)).failure
    assert failure.reason == reason
    assert CANARY not in failure.message


async def test_it_notices_an_error_in_the_stream() -> None:
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    async with serving([*ANSWER[:6], error]) as server, asking(server) as model:
        played = await play(model)
    assert played.reasoning == "I should look."
    assert played.failure.reason == "overloaded"


async def test_it_notices_an_answer_without_an_end() -> None:
    async with serving(ANSWER[:-3]) as server, asking(server) as model:
        played = await play(model)
    assert played.text == "Let me see."
    assert played.failure.reason == "network"
