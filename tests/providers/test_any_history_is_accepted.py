"""Whatever a chat's history holds, every protocol is sent names, ids and texts that it takes, and results that find
their calls: one bad step never makes a chat unusable."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chats.providers.base import AssistantText, ToolCall, ToolOutput, ToolSchema, TranscriptItem, UserText
from chats.providers.config import ProviderConfig
from chats.providers.protocols.answer import Adapter
from chats.providers.protocols.anthropic import AnthropicAdapter
from chats.providers.protocols.openai_chat import ChatAdapter
from chats.providers.protocols.openai_responses import open_adapter as open_responses
from chats.providers.protocols.wire_names import read_name, write_name

NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
BAD_NAMES = ("functions.read_file", "default_api:read_file", " x ", "$x", "x" * 80, "", "läs", "a/b", "\n", "read_file")
BAD_IDS = ("functions.read_file:0", "i" * 90, "call_1", "a b", "é", "toolu_01", "chatcmpl-tool-7:x", "=")


# --- Strict imitations of the protocols ------------------------------------------------------------------------------


def check_openai_chat(body: dict[str, Any], own: bool) -> None:
    waiting: list[str] = []
    for message in body["messages"]:
        if message["role"] == "tool":
            assert isinstance(message["content"], str)
            waiting.remove(message["tool_call_id"])
            continue
        assert not waiting, "calls without a result"
        assert message["role"] in ("system", "user", "assistant")
        for call in message.get("tool_calls", ()):
            assert NAME.fullmatch(call["function"]["name"])
            assert own or 0 < len(call["id"]) <= 40
            assert isinstance(json.loads(call["function"]["arguments"]), dict)
            waiting.append(call["id"])
        assert message["content"] or (message["role"] == "assistant" and message["tool_calls"])
        assert message.get("tool_calls", True), "an empty list of calls"
    assert not waiting


def check_openai_responses(body: dict[str, Any], own: bool) -> None:
    waiting: list[str] = []
    for item in body["input"]:
        if item.get("type") == "function_call":
            assert NAME.fullmatch(item["name"])
            assert own or re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", item["call_id"])
            assert isinstance(json.loads(item["arguments"]), dict)
            waiting.append(item["call_id"])
        elif item.get("type") == "function_call_output":
            assert isinstance(item["output"], str)
            waiting.remove(item["call_id"])
        else:
            assert item["role"] in ("system", "user", "assistant")
            assert item["content"]
    assert not waiting


def check_anthropic(body: dict[str, Any], own: bool) -> None:
    before, waiting = "", set[str]()
    for message in body["messages"]:
        assert message["role"] in ("user", "assistant")
        assert message["role"] != before, "two messages of one role"
        assert message["content"], "no blocks"
        before = message["role"]
        answered = set()
        for block in message["content"]:
            match block["type"]:
                case "text":
                    assert block["text"].strip(), "a text without a letter"
                case "tool_use":
                    assert message["role"] == "assistant"
                    assert NAME.fullmatch(block["name"])
                    assert re.fullmatch(r"[a-zA-Z0-9_-]+", block["id"])
                    assert isinstance(block["input"], dict)
                    assert block["id"] not in waiting
                    waiting.add(block["id"])
                case "tool_result":
                    assert message["role"] == "user"
                    assert block.get("is_error", True) is True
                    answered.add(block["tool_use_id"])
                case other:
                    raise AssertionError(other)
        if message["role"] == "user":
            assert answered == waiting, "the results of the calls before come first and whole"
            waiting = set()


# --- Any history -----------------------------------------------------------------------------------------------------

texts = st.sampled_from(["", "\n\n", " ", "Hello.", "é🙂", "\t"]) | st.text(max_size=8)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
calls = st.builds(
    ToolCall,
    id=st.sampled_from(BAD_IDS) | words.filter(bool),
    name=st.sampled_from(BAD_NAMES) | words,
    args=st.dictionaries(words, st.integers(), max_size=2) | st.sampled_from(["", "{", "[1]", "no JSON"]),
)
steps = st.tuples(
    texts, st.lists(calls, max_size=3, unique_by=lambda call: call.id), st.sampled_from(["", "kimi", "openai"])
)
turns = st.tuples(texts.filter(str.strip), st.lists(steps, max_size=3))


def transcript_of(history: list[tuple[str, list[tuple[str, list[ToolCall], str]]]]) -> list[TranscriptItem]:
    """As the product makes one: ids are unique, and a step without text and calls is none."""
    items: list[TranscriptItem] = []
    taken = set[str]()
    for question, answers in history:
        items.append(UserText(question))
        for text, asked, made_by in answers:
            asked = [call for call in asked if call.id not in taken]
            taken |= {call.id for call in asked}
            if not text and not asked:
                continue
            items.append(AssistantText(text, tuple(asked), None, made_by))
            items += [ToolOutput(call.id, call.name, "", bool(call.args), made_by) for call in asked]
    return items


ADAPTERS: dict[str, tuple[Callable[[], Adapter], Callable[[dict[str, Any], bool], None]]] = {
    "openai_chat": (lambda: ChatAdapter("kimi", "http://x", {}, "m"), check_openai_chat),
    "openai_responses": (
        lambda: open_responses("openai-responses", "m", "http://x", ProviderConfig()),
        check_openai_responses,
    ),
    "anthropic": (lambda: AnthropicAdapter("http://x", {}, "m", None, False), check_anthropic),
}


@pytest.mark.parametrize("protocol", ADAPTERS)
@given(history=st.lists(turns, min_size=1, max_size=3))
def test_it_is_sent_as_the_protocol_wants_it(
    protocol: str, history: list[tuple[str, list[tuple[str, list[ToolCall], str]]]]
) -> None:
    make, check = ADAPTERS[protocol]
    transcript = transcript_of(history)
    if protocol == "anthropic" and not isinstance(transcript[-1], UserText | ToolOutput):
        transcript.append(UserText("Go on."))
    body = json.loads(make().write_request("system", transcript, [ToolSchema("mcp.a b", "", {})]))
    own = any(isinstance(item, AssistantText) and item.made_by == "kimi" for item in transcript)
    check(body, own)
    for tool in body["tools"]:
        assert NAME.fullmatch(tool.get("name") or tool["function"]["name"])


def test_an_id_goes_back_to_its_own_provider_as_it_came() -> None:
    call = ToolCall("functions.read_file:0" + "x" * 60, "read_file", {})
    for made_by, same in (("kimi", True), ("groq", False), ("", False)):
        items: list[TranscriptItem] = [
            UserText("Go"),
            AssistantText("", (call,), None, made_by),
            ToolOutput(call.id, "read_file", "1", False, made_by),
        ]
        body = json.loads(ChatAdapter("kimi", "http://x", {}, "m").write_request("", items, []))
        sent = body["messages"][1]["tool_calls"][0]["id"]
        assert (sent == call.id) is same
        assert body["messages"][2]["tool_call_id"] == sent


def test_different_names_stay_different_and_a_tools_own_comes_back() -> None:
    written = {name: write_name(name) for name in BAD_NAMES}
    assert len(set(written.values())) == len(BAD_NAMES)
    for name in BAD_NAMES:
        assert read_name(written[name], BAD_NAMES) == name
    assert read_name("nothing_like_it", BAD_NAMES) == "nothing_like_it"
