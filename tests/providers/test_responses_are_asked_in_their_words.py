"""OpenAI's own newer protocol."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from chats.providers.base import Model, ToolOutput, UserText
from chats.providers.config import ProviderConfig
from chats.providers.registry import close, open_model
from tests.providers.event_server import EventServer, serving
from tests.providers.playing import CANARY, play

REASONING = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "c2VjcmV0"}
CALL = {
    "type": "function_call",
    "id": "fc_1",
    "call_id": "call_1",
    "name": "read_file",
    "arguments": '{"path": "a.py"}',
    "status": "completed",
}


def response(status: str, **more: Any) -> dict[str, Any]:
    fixed = {"id": "resp_1", "object": "response", "created_at": 1_700_000_000, "model": "gpt-6", "output": []}
    return {**fixed, "parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "status": status, **more}


def item(index: int, value: dict[str, Any], kind: str = "done") -> dict[str, Any]:
    return {"type": f"response.output_item.{kind}", "output_index": index, "item": value}


def text(delta: str) -> dict[str, Any]:
    fixed = {"item_id": "msg_1", "output_index": 1, "content_index": 0, "logprobs": []}
    return {"type": "response.output_text.delta", "delta": delta, **fixed}


MESSAGE = {"type": "message", "id": "msg_1", "role": "assistant", "content": [], "status": "in_progress"}
USAGE = {
    "input_tokens": 100,
    "input_tokens_details": {"cached_tokens": 80},
    "output_tokens": 30,
    "output_tokens_details": {"reasoning_tokens": 20},
    "total_tokens": 130,
}
ANSWER = [
    {"type": "response.created", "response": response("in_progress")},
    item(0, REASONING, "added"),
    item(0, REASONING),
    item(1, MESSAGE, "added"),
    text("Let me "),
    text("see."),
    item(2, {**CALL, "arguments": ""}, "added"),
    {
        "type": "response.function_call_arguments.delta",
        "item_id": "fc_1",
        "output_index": 2,
        "delta": CALL["arguments"],
    },
    item(2, CALL),
    {"type": "response.completed", "response": response("completed", usage=USAGE)},
]


@asynccontextmanager
async def asking(server: EventServer) -> AsyncIterator[Model]:
    config = ProviderConfig(openai_api_key=CANARY, openai_base_url=f"{server.url}/v1", retries=0)
    model = open_model("openai-responses:gpt-6", config)
    yield model
    await model.aclose()
    await close()


def numbered(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**event, "sequence_number": number} for number, event in enumerate(events)]


async def test_it_streams_text_calls_and_usage() -> None:
    async with serving(numbered(ANSWER)) as server, asking(server) as model:
        played = await play(model)
    assert played.texts == ["Let me ", "see."]
    assert [(call.name, call.args) for call in played.calls] == [("read_file", {"path": "a.py"})]
    usage = played.end.usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.cache_tokens, usage.reasoning_tokens) == (
        100,
        30,
        80,
        20,
    )


async def test_it_sends_what_stays_the_same_first_and_has_nothing_stored() -> None:
    async with serving(numbered(ANSWER)) as server, asking(server) as model:
        first = (await play(model)).as_item()
        await play(model, [UserText("Hello"), first, ToolOutput(first.tool_calls[0].id, "read_file", "text")])
    early, late = server.requests
    assert early.path == "/v1/responses"
    assert early.json["store"] is False
    assert late.body.startswith(early.body.removesuffix(b"]}"))
    kinds = [part.get("type") or part["role"] for part in late.json["input"]]
    assert kinds[-2:] == ["function_call", "function_call_output"]
    assert late.json["input"][-1]["output"] == "text"


async def test_it_notices_an_answer_without_an_end() -> None:
    async with serving(numbered(ANSWER[:-2])) as server, asking(server) as model:
        played = await play(model)
    assert played.text == "Let me see."
    assert played.failure.reason == "network"
