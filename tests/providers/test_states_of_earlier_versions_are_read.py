"""A chat may go on that an earlier version began, whose steps have states in pydantic-ai's form."""

import json
from typing import Any

import pytest

from chats.providers.base import AssistantText, ToolCall
from chats.providers.protocols.anthropic import blocks_of
from chats.providers.protocols.openai_chat import messages_of
from chats.providers.protocols.openai_responses import items_of

CALL = ToolCall("toolu_1", "read_file", {"path": "a.py"})
REST = [
    {"content": 11, "part_kind": "text"},
    {"tool_name": "read_file", "tool_call_id": "toolu_1", "part_kind": "tool-call"},
]


def step(provider: str, **thinking: Any) -> AssistantText:
    part = {"part_kind": "thinking", "provider_name": provider, **thinking}
    state = json.dumps({"parts": [part, *REST], "provider_name": provider, "canonical_system": None})
    return AssistantText("Let me see.", (CALL,), state)


SIGNED = step("anthropic", content="I should look.", signature="c2lnbmVk")


def test_signed_reasoning_goes_back_to_anthropic() -> None:
    thinking, text, call = blocks_of(SIGNED)
    assert thinking == {"type": "thinking", "thinking": "I should look.", "signature": "c2lnbmVk"}
    assert (text["text"], call["id"]) == ("Let me see.", "toolu_1")
    redacted = step("anthropic", content="", id="redacted_thinking", signature="ZGF0YQ==")
    assert blocks_of(redacted)[0] == {"type": "redacted_thinking", "data": "ZGF0YQ=="}


def test_encrypted_reasoning_goes_back_to_openai() -> None:
    reasoning, text, call = items_of("openai", step("openai", content="", id="rs_1", signature="c2VjcmV0"))
    assert reasoning == {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "c2VjcmV0"}
    assert (text["content"], call["call_id"]) == ("Let me see.", "toolu_1")


def test_plain_reasoning_goes_back_in_its_field() -> None:
    (message,) = messages_of("deepseek", step("deepseek", content="I should look.", id="reasoning_content"))
    assert message["reasoning_content"] == "I should look."


@pytest.mark.parametrize("state", [step("google", content="Hm.", signature="Z29vZ2xl"), step("openai", content="Hm.")])
def test_what_another_provider_kept_is_left_out(state: AssistantText) -> None:
    assert [block["type"] for block in blocks_of(state)] == ["text", "tool_use"]
    assert [item.get("type") for item in items_of("openai", state)] == [None, "function_call"]
    assert set(messages_of("openai", state)[0]) == {"role", "content", "tool_calls"}


def test_what_this_version_keeps_goes_to_its_provider_only() -> None:
    kept = AssistantText("Yes.", (), '{"deepseek":[{"reasoning_content":"Hm."},4]}')
    assert messages_of("deepseek", kept)[0]["reasoning_content"] == "Hm."
    assert messages_of("groq", kept) == [{"role": "assistant", "content": "Yes."}]
