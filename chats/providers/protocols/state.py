"""What a provider wants to see again with a step (signed reasoning, mostly), as the text of `StepEnd.state`. Pure.

It is a JSON object with one list under the provider's name. In the order of the answer the list has a number for so
many characters of text, a null for a tool call, and whatever else the provider's protocol keeps as an object. Text and
arguments are in the transcript already. States in pydantic-ai's form are read too: earlier versions kept those.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from chats.providers.base import AssistantText, ToolCall
from chats.providers.catalog import Protocol

Part = str | ToolCall | dict[str, Any]


def write_state(provider: str, parts: Sequence[Part]) -> str | None:
    """The state of an answer with these parts; None where all of it is in the transcript anyway."""
    if not any(isinstance(part, dict) for part in parts):
        return None
    kept = [len(part) if isinstance(part, str) else None if isinstance(part, ToolCall) else part for part in parts]
    return json.dumps({provider: kept}, separators=(",", ":"))


def read_state(provider: str, protocol: Protocol, item: AssistantText) -> list[Part]:
    """The parts of the step, with the transcript's text and calls in them; without a state, or with one of another
    provider or that does not fit, the text and the calls alone."""
    if item.state:
        try:
            return list(_fill(_read(provider, protocol, item.state), item))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            pass
    return [*([item.content] if item.content else []), *item.tool_calls]


def _read(provider: str, protocol: Protocol, state: str) -> list[Any]:
    value = json.loads(state)
    kept = _translate(protocol, value["parts"]) if "parts" in value else value[provider]
    if not isinstance(kept, list):
        raise ValueError(kept)
    return kept


def _fill(kept: Iterable[Any], item: AssistantText) -> Iterable[Part]:
    text, calls = item.content, list(item.tool_calls)
    for part in kept:
        if part is None:
            if not calls:
                raise ValueError(part)
            yield calls.pop(0)
        elif isinstance(part, int):
            if len(text) < part:
                raise ValueError(part)
            yield text[:part]
            text = text[part:]
        elif isinstance(part, dict):
            yield part
        else:
            raise ValueError(part)
    if text or calls:
        raise ValueError(item)


# --- What earlier versions kept ------------------------------------------------------------------------------------


def _translate(protocol: Protocol, parts: list[dict[str, Any]]) -> list[Any]:
    translated: list[Any] = []
    for part in parts:
        match part["part_kind"]:
            case "text":
                translated.append(part["content"])
            case "tool-call":
                translated.append(None)
            case "thinking" if thinking := _thinking(protocol, part):
                translated.append(thinking)
    return translated


def _thinking(protocol: Protocol, part: dict[str, Any]) -> dict[str, Any] | None:
    text, id, signature = part.get("content", ""), part.get("id"), part.get("signature")
    match protocol, part.get("provider_name"):
        case "openai_chat", _ if id in ("reasoning", "reasoning_content"):
            return {id: text}
        case "openai_responses", "openai" if signature:
            summary = [{"type": "summary_text", "text": text}] if text else []
            return {"type": "reasoning", "id": id, "summary": summary, "encrypted_content": signature}
        case "anthropic", "anthropic" if signature and id == "redacted_thinking":
            return {"type": "redacted_thinking", "data": signature}
        case "anthropic", "anthropic" if signature:
            return {"type": "thinking", "thinking": text, "signature": signature}
    return None
