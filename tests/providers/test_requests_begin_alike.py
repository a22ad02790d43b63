"""Prompt caches hit on equal bytes, so a request begins with the bytes of the one before it."""

import json
from itertools import pairwise
from typing import Any

from chats.providers.base import AssistantText, ToolCall, ToolOutput, TranscriptItem, UserText
from tests.openai_server import OpenAIServer
from tests.providers.playing import SYSTEM, TOOLS, play

STEP = [
    {"text": "Look {i}"},
    {"tool": "read_file", "args": {"path": "ü{i}.py"}},
    {"tool": "list_files", "args": "oops"},
]
SCRIPT = [{"repeat": 5, "of": [STEP]}]


async def play_steps(model: Any, transcript: list[TranscriptItem], steps: int) -> None:
    for _ in range(steps):
        played = await play(model, transcript)
        transcript.append(played.as_item())
        transcript += [ToolOutput(call.id, call.name, f'content "of" {call.id}\n') for call in played.calls]


def messages_begin_alike(server: OpenAIServer) -> bool:
    bodies = [request.body for request in server.asked]
    return all(late.startswith(early.removesuffix(b"]}")) for early, late in pairwise(bodies))


async def test_it_only_ever_appends(serve: Any, ask: Any) -> None:
    server = await serve(SCRIPT)
    await play_steps(ask(server), [UserText("Go\ud800 on")], 4)
    assert len(server.asked) == 4
    assert messages_begin_alike(server)


async def test_it_sends_the_same_as_a_model_that_never_asked_before(serve: Any, ask: Any) -> None:
    server = await serve(SCRIPT)
    transcript: list[TranscriptItem] = [UserText("Go on")]
    await play_steps(ask(server), transcript, 4)
    before_last = transcript[:-3]
    await play(ask(server), before_last)
    assert server.asked[4].body == server.asked[3].body
    roles = [message["role"] for message in json.loads(server.asked[4].body)["messages"]]
    assert roles == ["system", "user", *["assistant", "tool", "tool"] * 3]


async def test_it_begins_alike_when_the_transcript_is_read_anew_each_time(serve: Any, ask: Any) -> None:
    """From the database, say: equal values, other objects."""
    server = await serve(SCRIPT)
    model = ask(server)
    for steps in range(1, 5):
        transcript: list[TranscriptItem] = [UserText("Go on")]
        for step in range(steps):
            call = ToolCall(f"c{step}", "read_file", {"path": f"{step}.py"})
            transcript += [AssistantText("", (call,)), ToolOutput(f"c{step}", "read_file", "text")]
        await play(model, transcript)
    assert messages_begin_alike(server)


async def test_it_serves_two_chats_with_one_model(serve: Any, ask: Any) -> None:
    server = await serve([[{"text": "Yes."}]] * 3)
    model = ask(server)
    for text in ("one", "two", "one"):
        await play(model, [UserText(text)])
    assert server.asked[0].body == server.asked[2].body
    assert server.asked[0].body != server.asked[1].body


async def test_it_starts_over_with_another_system_prompt_or_history(serve: Any, ask: Any) -> None:
    server = await serve([[{"text": "Yes."}]] * 3)
    model = ask(server)
    await play(model, [UserText("one")])
    longer: list[TranscriptItem] = [UserText("one"), AssistantText("Yes."), UserText("two")]
    await play(model, longer, TOOLS, "Another prompt.")
    await play(model, [UserText("1"), *longer[1:]], TOOLS, SYSTEM)
    contents = [[message["content"] for message in request.json["messages"]] for request in server.asked]
    assert contents[1] == ["Another prompt.", "one", "Yes.", "two"]
    assert contents[2] == [SYSTEM, "1", "Yes.", "two"]


async def test_it_hands_tools_over_as_they_are(serve: Any, ask: Any) -> None:
    server = await serve([[{"text": "Yes."}]])
    await play(ask(server))
    assert [tool["function"] for tool in server.asked[0].json["tools"]] == [
        {"name": tool.name, "description": tool.description, "parameters": tool.parameters} for tool in TOOLS
    ]
