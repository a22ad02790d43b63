"""Our transcript in pydantic-ai's words, and its response in ours. Imports pydantic-ai: load it late."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic_ai.messages import (
    ModelMessage,
    ModelMessagesTypeAdapter,
    ModelRequest,
    ModelRequestPart,
    ModelResponse,
    ModelResponsePart,
    SystemPromptPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.usage import RequestUsage

from .base import AssistantText, ToolCall, ToolOutput, ToolSchema, TranscriptItem, Usage, UserText

KEPT_OF_RESPONSE = ("provider_name", "canonical_system")


def to_messages(system: str, transcript: Sequence[TranscriptItem]) -> list[ModelMessage]:
    """pydantic-ai's messages for `transcript`; what the user and the tools say in a row is one request."""
    messages: list[ModelMessage] = []
    parts: list[ModelRequestPart] = [SystemPromptPart(system)] if system else []
    for item in transcript:
        if isinstance(item, AssistantText):
            if parts:
                messages.append(ModelRequest(parts=parts))
                parts = []
            messages.append(to_response(item))
        else:
            parts.append(to_request_part(item))
    return [*messages, ModelRequest(parts=parts)] if parts else messages


def to_request_part(item: UserText | ToolOutput) -> ModelRequestPart:
    if isinstance(item, UserText):
        return UserPromptPart(item.content)
    return ToolReturnPart(item.tool, item.content, item.tool_call_id)


def to_response(item: AssistantText) -> ModelResponse:
    if item.state and (response := recalled(item)):
        return response
    parts: list[ModelResponsePart] = [TextPart(item.content)] if item.content else []
    parts += [ToolCallPart(call.name, call.args, call.id) for call in item.tool_calls]
    return ModelResponse(parts=parts)


def to_tool_definitions(tools: Iterable[ToolSchema]) -> list[ToolDefinition]:
    """As they are: pydantic-ai would rewrite the schemas for OpenAI's strict mode, which not every server knows."""
    return [
        ToolDefinition(
            name=tool.name, description=tool.description, parameters_json_schema=dict(tool.parameters), strict=False
        )
        for tool in tools
    ]


def to_tool_call(part: ToolCallPart) -> ToolCall:
    return ToolCall(part.tool_call_id, part.tool_name, read_args(part.args))


def read_args(args: str | dict[str, Any] | None) -> dict[str, Any] | str:
    """The arguments as an object, or as the text the model sent where that is none."""
    if not isinstance(args, str):
        return args or {}
    if not args.strip():
        return {}
    try:
        value = json.loads(args)
    except (ValueError, RecursionError):
        return args
    return value if isinstance(value, dict) else args


def to_usage(usage: RequestUsage) -> Usage:
    if not usage.input_tokens and not usage.output_tokens:
        return Usage()
    return Usage(
        prompt_tokens=usage.input_tokens,
        completion_tokens=usage.output_tokens,
        cache_tokens=usage.cache_read_tokens,
        reasoning_tokens=usage.details.get("reasoning_tokens"),
        cache_write_tokens=usage.cache_write_tokens,
    )


# --- What a provider wants to see again -------------------------------------------------------------


def state_of(response: ModelResponse) -> str | None:
    """The parts of `response` without what the transcript holds anyway; None if that leaves nothing of use."""
    if not any(_is_particular(part) for part in response.parts):
        return None
    dumped = ModelMessagesTypeAdapter.dump_python([response], mode="json")[0]
    parts = [{name: value for name, value in part.items() if value is not None} for part in dumped["parts"]]
    for part in parts:
        if part["part_kind"] == "text":
            part["content"] = len(part["content"])
        elif part["part_kind"] == "tool-call":
            part.pop("args", None)
    return json.dumps({"parts": parts, **{name: dumped[name] for name in KEPT_OF_RESPONSE}}, separators=(",", ":"))


def _is_particular(part: ModelResponsePart) -> bool:
    return isinstance(part, ThinkingPart) or bool(getattr(part, "provider_details", None))


def recalled(item: AssistantText) -> ModelResponse | None:
    """The response that `item.state` was made from, with the transcript's text and calls back in it.

    None where the two do not fit together (another version wrote it): the step then goes without.
    """
    calls = {call.id: call for call in item.tool_calls}
    try:
        response = json.loads(item.state or "")
        text = item.content
        for part in response["parts"]:
            if part["part_kind"] == "text":
                part["content"], text = text[: part["content"]], text[part["content"] :]
            elif part["part_kind"] == "tool-call":
                part["args"] = calls.pop(part["tool_call_id"]).args
        if text or calls:
            return None
        (message,) = ModelMessagesTypeAdapter.validate_python([{"kind": "response", **response}])
    except (ValueError, KeyError, TypeError):
        return None
    return message if isinstance(message, ModelResponse) else None
